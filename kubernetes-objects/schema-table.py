#!/usr/bin/env python3
"""Writes src/schema/table/*.rs, the types of Kubernetes objects, from the Go types.

    kubernetes-objects/schema-table.py FOLDER

FOLDER holds the Go module k8s.io/api unpacked, such as /usr/share/gocode/src/k8s.io/api of
Debian's golang-k8s-api-dev. Read are names, types, JSON tags and the `+listType` family of
markers, never the prose. The types of k8s.io/apimachinery are few and written by hand, in
src/schema/meta_v1.rs.

Only what a kind of these packages reaches is written; a type that this script cannot place ends
it with an error.
"""

import pathlib
import re
import subprocess
import sys

# The packages read: folder below k8s.io/api, and the OpenAPI name that their types begin with.
PACKAGES = [
    "core/v1", "apps/v1", "batch/v1", "policy/v1", "autoscaling/v1", "coordination/v1",
    "events/v1", "authentication/v1", "authorization/v1", "admissionregistration/v1", "rbac/v1",
    "networking/v1", "storage/v1", "scheduling/v1", "discovery/v1", "node/v1",
]

SCALARS = {
    "string": 'Text("string")', "bool": "Bool", "int32": "Int32", "int64": "Int64",
    "types.UID": 'Text("types.UID")', "resource.Quantity": "Quantity",
    "intstr.IntOrString": "IntOrString", "metav1.Time": "Time", "metav1.MicroTime": "MicroTime",
    "runtime.RawExtension": "Any", "[]byte": "Bytes", "metav1.StatusReason":
    'Text("v1.StatusReason")',
}

IMPORTED = {
    "metav1": "meta/v1", "v1": "core/v1", "corev1": "core/v1", "apiv1": "core/v1",
}

# The types of src/schema/meta_v1.rs.
META = {
    "Condition", "DeleteOptions", "FieldSelectorRequirement", "LabelSelector",
    "LabelSelectorRequirement", "ListMeta", "ObjectMeta", "OwnerReference",
}


class Type:
    """A named Go type: a structure (with fields), or a name for another type."""

    def __init__(self, package, name, markers):
        self.package, self.name, self.markers = package, name, markers
        self.fields, self.alias = None, None

    def is_kind(self):
        return any("runtime.Object" in value for value in self.markers.get("k8s:deepcopy-gen:interfaces", []))


def markers_of(comments):
    found = {}
    for line in comments:
        if match := re.match(r"//\s*\+([^=\s]+)(?:=(.*))?$", line):
            found.setdefault(match[1], []).append((match[2] or "").strip())
    return found


def read(folder, package):
    """All named types of a package."""
    types, comments, current = {}, [], None
    earlier = []
    text = re.sub(r"/\*.*?\*/", "", (folder / package / "types.go").read_text(), flags=re.DOTALL)
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("//"):
            comments.append(line)
            continue
        if not line:
            # The markers of a type may stand in a block of their own above it.
            earlier, comments = (comments if current is None else []), []
            continue
        markers = markers_of(earlier + comments if current is None else comments)
        if current is None:
            if match := re.match(r"type (\w+) struct \{(\})?$", line):
                kind = Type(package, match[1], markers)
                kind.fields = []
                types[match[1]] = kind
                current = None if match[2] else kind
            elif match := re.match(r"type (\w+) ([\w.\[\]*]+)$", line):
                kind = Type(package, match[1], markers)
                kind.alias = match[2]
                types[match[1]] = kind
        elif line == "}":
            current = None
        elif match := re.match(r"(?:(\w+)\s+)?([\w.\[\]*]+)\s+`(.*)`", line):
            tags = dict(re.findall(r'(\w+):"([^"]*)"', match[3]))
            current.fields.append((match[1], match[2], tags, markers))
        elif current is not None:
            sys.exit(f"{package}: cannot read {line!r}")
        earlier, comments = [], []
    return types


class Table:
    def __init__(self, folder):
        self.types = {package: read(folder, package) for package in PACKAGES}
        self.reached = {}

    def find(self, package, name):
        if "." in name:
            alias, name = name.split(".")
            package = IMPORTED.get(alias) or sys.exit(f"{package}: unknown import {alias}.{name}")
        return package, name

    def reference(self, here, name):
        """The path of a structure's constant in Rust; remembers that it is needed."""
        package, name = self.find(here, name)
        constant = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).upper()
        if package == "meta/v1":
            if name not in META:
                sys.exit(f"{here}: add {name} to meta_v1.rs and to META")
        else:
            self.reach(package, name)
        return constant if package == here else f"{module(package)}::{constant}"

    def reach(self, package, name):
        if (package, name) not in self.reached:
            self.reached[package, name] = None
            self.reached[package, name] = self.structure(self.types[package][name])

    def go_type(self, here, text, items, written=None):
        """The Rust expression of a Go type; `items` is what a list's merge is."""
        if text in SCALARS:
            return SCALARS[text]
        if text.startswith("*"):
            return self.go_type(here, text[1:], items)
        if text.startswith("[]"):
            return f"List(&{self.go_type(here, text[2:], 'ATOMIC')}, {items})"
        if match := re.match(r"map\[([\w.]+)\](.+)$", text):
            shown = written or f"map[{self.shown(here, match[1])}]{self.shown(here, match[2])}"
            return f'Map("{shown}", &{self.go_type(here, match[2], "ATOMIC")})'
        package, name = self.find(here, text)
        if package == "meta/v1":
            return f"Struct(&{self.reference(here, text)})"
        named = self.types[package].get(name) or sys.exit(f"{here}: no type {text}")
        if named.fields is not None:
            return f"Struct(&{self.reference(here, text)})"
        if named.alias == "string":
            return f'Text("v1.{name}")'
        return self.go_type(package, named.alias, items, f"v1.{name}")

    def shown(self, here, text):
        """A Go type as Go prints it."""
        if text in SCALARS or text.startswith(("*", "[", "map")):
            return re.sub(r"\w+$", lambda word: word[0], text)
        return "v1." + text.split(".")[-1]

    def fields(self, kind):
        rows = []
        for go_name, text, tags, markers in kind.fields:
            tag = tags.get("json", "").split(",")
            if text == "metav1.TypeMeta":
                rows += ["KIND", "API_VERSION"]
            elif not tag[0]:
                package, name = self.find(kind.package, text.lstrip("*"))
                rows += self.fields(self.types[package][name])
            elif tag[0] != "-":
                rows.append(self.field(kind, go_name, text, tag, tags, markers))
        return rows

    def field(self, kind, go_name, text, tag, tags, markers):
        strategy = tags.get("patchStrategy", "").split(",")
        of = self.go_type(kind.package, text, self.list_merge(tags, strategy, markers))
        row = f'field("{tag[0]}", {of})'
        go_name = go_name or text.split(".")[-1]
        if go_name != tag[0][0].upper() + tag[0][1:]:
            row += f'.go_name("{go_name}")'
        if text.startswith("*"):
            row += ".pointer()"
        if "omitempty" in tag:
            row += ".omit_empty()"
        if "omitzero" in tag:
            row += ".omit_zero()"
        if "omitempty" not in tag and "omitzero" not in tag and "optional" not in markers:
            row += ".required()"
        if "atomic" in markers.get("mapType", []) + markers.get("structType", []):
            row += ".atomic()"
        if "replace" in strategy:
            row += ".patched_by(Replace)"
        if "retainKeys" in strategy:
            row += ".patched_by(RetainKeys)"
        if default := self.default(kind, markers):
            row += f'.default_json(r#"{default}"#)'
        return row

    def default(self, kind, markers):
        default = (markers.get("default") or [""])[0]
        if match := re.match(r"ref\((\w+)\)$", default):
            source = self.constants[kind.package]
            value = re.search(rf'\b{match[1]}\s+\w+\s*=\s*("[^"]*")', source)
            default = value[1] if value else sys.exit(f"no constant {match[1]}")
        return default

    def list_merge(self, tags, strategy, markers):
        apply = (markers.get("listType") or ["atomic"])[0]
        if apply == "map":
            keys = ", ".join(f'"{key}"' for key in markers["listMapKey"])
            merge = f"merged_by(&[{keys}])"
        else:
            merge = {"set": "SET", "atomic": "ATOMIC"}[apply]
        if "merge" in strategy:
            merge += f'.patched_by("{tags.get("patchMergeKey", "")}")'
        return merge

    def structure(self, kind):
        rows = ",\n        ".join(self.fields(kind))
        atomic = ".atomic()" if "atomic" in kind.markers.get("structType", []) else ""
        constant = self.reference(kind.package, kind.name)
        return (
            f"/// `{kind.package}` `{kind.name}`.\n"
            f"pub static {constant}: Struct = structure(\n    PACKAGE,\n    \"{kind.name}\",\n    &[\n        {rows}\n    ],\n){atomic};\n"
        )


def write_enumerations(table, target):
    """The values of types that are marked `+enum`, by the type's name."""
    found = {}
    for package, types in table.types.items():
        for name, kind in types.items():
            if "enum" not in kind.markers:
                continue
            values = re.findall(rf'\b\w+\s+{name}\s*=\s*"([^"]*)"', table.constants[package])
            values = sorted(set(values))
            if found.setdefault(name, values) != values:
                sys.exit(f"two types {name} with different values")
    rows = "".join(
        f'    ("v1.{name}", &[{", ".join(f"{chr(34)}{value}{chr(34)}" for value in values)}]),\n'
        for name, values in sorted(found.items()) if values
    )
    (target / "enumerations.rs").write_text(
        "//! The values that types of text can have; written by `schema-table.py`.\n\n"
        "/// By the Go type's name, sorted.\n"
        f"pub(in crate::schema) static ENUMERATIONS: &[(&str, &[&str])] = &[\n{rows}];\n"
    )


def module(package):
    return package.replace("/", "_")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    table = Table(folder)
    table.constants = {package: (folder / package / "types.go").read_text() for package in PACKAGES}
    for package, types in table.types.items():
        for name, kind in types.items():
            if kind.is_kind() and not name.endswith("List"):
                table.reach(package, name)
    target = pathlib.Path(__file__).parent / "src/schema/table"
    target.mkdir(exist_ok=True)
    modules = []
    for package in PACKAGES:
        bodies = [body for (where, _), body in sorted(table.reached.items()) if where == package]
        text = "\n".join(bodies)
        used = {"structure"}
        used |= set(re.findall(r"\b(field|merged_by|KIND|API_VERSION|ATOMIC|SET)\b", text))
        variants = sorted(set(re.findall(r"(?<![\w:\"])(Text|Bool|Int32|Int64|Quantity|IntOrString|Time|MicroTime|Any|Bytes|Map|List|Struct)(?=[(,)])", text)) - {"Struct"})
        patches = sorted(set(re.findall(r"patched_by\((Replace|RetainKeys)\)", text)))
        others = sorted(set(re.findall(r"\b(\w+_v1)::", text)))
        imports = "".join(
            f"use crate::schema::{other};\n" for other in others
        )
        imports += f"use crate::schema::row::{{{', '.join(sorted(used))}}};\n"
        if patches:
            imports += f"use crate::schema::FieldPatch::{{{', '.join(patches)}}};\n"
        imports += f"use crate::schema::Type::{{self, {', '.join(variants)}}};\nuse crate::schema::Struct;\n"
        text = text.replace("Struct(&", "Type::Struct(&")
        path = target / f"{module(package)}.rs"
        path.write_text(
            f"//! The types of `{package}`; written by `schema-table.py`.\n\n{imports}\n"
            f"const PACKAGE: &str = \"io.k8s.api.{package.replace('/', '.')}\";\n\n{text}"
        )
        modules.append(f"pub mod {module(package)};\n")
    write_enumerations(table, target)
    modules.append("pub(in crate::schema) mod enumerations;\n")
    (target / "mod.rs").write_text(
        "//! The types of all packages that are served; written by `schema-table.py`.\n\n"
        + "".join(sorted(modules))
    )
    subprocess.run(["rustfmt", "--edition", "2024", str(target / "mod.rs")], check=True)


if __name__ == "__main__":
    main()
