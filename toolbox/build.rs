//! Compiles the freestanding program, which goes into images, with rustc.

use std::env;
use std::path::PathBuf;
use std::process::Command;

/// The architectures with system call stubs, and what OCI calls them.
const ARCHITECTURES: [(&str, &str); 2] = [("x86_64", "amd64"), ("aarch64", "arm64")];

fn main() {
    println!("cargo::rerun-if-changed=src");
    for variable in ["RUSTC", "RUSTC_LINKER"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    if let Err(message) = compile() {
        println!("cargo::error={}", message.replace('\n', "\ncargo::error="));
    }
}

fn compile() -> Result<(), String> {
    let variable = |name: &str| env::var(name).map_err(|error| format!("{name}: {error}"));
    let target = variable("TARGET")?;
    let architecture = variable("CARGO_CFG_TARGET_ARCH")?;
    let Some((_, oci_name)) = ARCHITECTURES.iter().find(|(name, _)| *name == architecture) else {
        return Err(format!(
            "the program inside the images has system calls for x86_64 and aarch64, not for \
             {architecture}; build on one of those, or add src/freestanding/syscall_{architecture}.rs"
        ));
    };
    if variable("CARGO_CFG_TARGET_OS")? != "linux" {
        return Err(format!("containers of this suite are Linux's; {target} is not Linux"));
    }
    let output = PathBuf::from(variable("OUT_DIR")?).join("toolbox");
    let mut rustc = Command::new(variable("RUSTC")?);
    rustc
        .args(["--edition=2024", "--crate-name=toolbox_program", "--crate-type=bin"])
        .arg(format!("--target={target}"))
        .args(["-Copt-level=s", "-Cpanic=abort", "-Ccodegen-units=1", "-Cstrip=symbols"])
        .args(["-Coverflow-checks=off", "-Cdebug-assertions=off", "-Crelocation-model=static"])
        .args(["-Cforce-unwind-tables=no"])
        .args(["-Clink-arg=-nostdlib", "-Clink-arg=-nostartfiles", "-Clink-arg=-static"])
        .args(["-Clink-arg=-Wl,--gc-sections,--build-id=none,-z,noexecstack"])
        .arg("-o")
        .arg(&output)
        .arg("src/freestanding/main.rs");
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        rustc.arg(format!("-Clinker={linker}"));
    }
    let result = rustc
        .output()
        .map_err(|error| format!("cannot start {:?}: {error}", rustc.get_program()))?;
    if !result.status.success() {
        return Err(format!(
            "rustc could not compile the program inside the images for {target} ({}); a C \
             compiler is needed as linker\n{}",
            result.status,
            String::from_utf8_lossy(&result.stderr)
        ));
    }
    println!("cargo::rustc-env=TOOLBOX_PROGRAM={}", output.display());
    println!("cargo::rustc-env=TOOLBOX_ARCHITECTURE={oci_name}");
    Ok(())
}
