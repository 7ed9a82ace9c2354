#!/usr/bin/env python3
"""Writes the dumps in this folder and those of the book, as `kubectl get … -A -o json` prints them."""

import json
import pathlib

HERE = pathlib.Path(__file__).parent
EXAMPLES = HERE.parents[3] / "docs/src/examples"
IMAGE = "registry.k8s.io/e2e-test-images/agnhost:2.45"


def node(name, kubelet, runtime, feature=None, **labels):
    status = {
        "allocatable": {"cpu": "4", "memory": "16Gi", "pods": "110"},
        "nodeInfo": {
            "containerRuntimeVersion": runtime,
            "kubeletVersion": kubelet,
            "operatingSystem": "linux",
        },
    }
    if feature is not None:
        status["features"] = {"supplementalGroupsPolicy": feature}
    labels = {key.replace("_", "-"): value for key, value in labels.items()}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **labels}},
        "spec": {},
        "status": status,
    }


def pod_spec(policy, selector=None, image=IMAGE):
    context = {"runAsUser": 1000, "runAsGroup": 3000, "supplementalGroups": [4000]}
    if policy:
        context["supplementalGroupsPolicy"] = policy
    spec = {
        "containers": [{"name": "ctr", "image": image, "resources": {}}],
        "securityContext": context,
    }
    if selector:
        spec["nodeSelector"] = selector
    return spec


def deployment(name, policy, replicas, nodes, groups=None, selector=None, namespace="shop"):
    """A Deployment, its ReplicaSet, and its pods on these nodes."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": pod_spec(policy, selector)}
    hashed = f"{name}-5d4f8c7b9"
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    owner = lambda kind, name, uid: [
        {"apiVersion": "apps/v1", "controller": True, "kind": kind, "name": name, "uid": uid}
    ]
    objects = [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": namespace, "uid": f"d-{name}"},
            "spec": spec,
        },
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": hashed,
                "namespace": namespace,
                "ownerReferences": owner("Deployment", name, f"d-{name}"),
                "uid": f"r-{name}",
            },
            "spec": spec,
        },
    ]
    for index in range(replicas):
        at = nodes[index % len(nodes)]
        status = {"phase": "Running", "containerStatuses": [{"name": "ctr", "ready": True}]}
        if groups:
            user = {"uid": 1000, "gid": 3000, "supplementalGroups": groups}
            status["containerStatuses"][0]["user"] = {"linux": user}
        objects.append({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "labels": labels,
                "name": f"{hashed}-{index}",
                "namespace": namespace,
                "ownerReferences": owner("ReplicaSet", hashed, f"r-{name}"),
                "uid": f"p-{name}-{index}",
            },
            "spec": {**pod_spec(policy, selector), "nodeName": at},
            "status": status,
        })
    return objects


def bare(name, policy, at, namespace="default"):
    return [{
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {**pod_spec(policy), "nodeName": at},
        "status": {"phase": "Running"},
    }]


def write(path, *parts):
    items = [item for part in parts for item in part]
    dump = {"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}}
    path.write_text(json.dumps(dump, indent=1) + "\n")


MERGED, STRICT = [3000, 4000, 50000], [3000, 4000]

write(
    HERE / "kubernetes-1.30.json",
    [node(f"n{i}", "v1.30.14", "containerd://1.6.20") for i in (1, 2)],
    deployment("web", None, 3, ["n1", "n2"]),
)
write(
    EXAMPLES / "cluster.json",
    [node("new", "v1.32.13", "containerd://2.1.9", True)],
    [node(name, "v1.32.13", "containerd://1.7.24") for name in ("old-1", "old-2")],
    deployment("web", "Strict", 3, ["new", "old-1", "old-2"]),
    deployment("cache", None, 2, ["new", "old-1"], MERGED),
    bare("tool", "Strict", "old-1"),
)
write(
    HERE / "kubernetes-1.33.json",
    [node(f"n{i}", "v1.33.2-gke.100", "containerd://2.1.9", True) for i in (1, 2)],
    deployment("web", "Strict", 2, ["n1", "n2"], STRICT),
    deployment("cache", None, 2, ["n1", "n2"], MERGED),
)
write(
    EXAMPLES / "stale.json",
    [node("fine", "v1.36.2", "containerd://2.1.9", True)],
    [node("stale", "v1.36.2", "containerd://1.7.24", True)],
    deployment("web", "Strict", 2, ["fine", "stale"]),
)
