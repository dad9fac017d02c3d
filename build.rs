//! Stops the build with one sentence where the system's OpenBLAS cannot be linked.
//!
//! The test is the link itself: a program of three calls is built by the target's own compiler and linker.
//! `BLASTRAIN_NO_LINK_CHECK` skips it, for a machine whose linker finds OpenBLAS by ways that are
//! not visible here (a `[target.….openblas]` override in Cargo's configuration).

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "openblas-system")]
    openblas::check();
}

#[cfg(feature = "openblas-system")]
mod openblas {
    use std::env;
    use std::ffi::OsString;
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::Command;

    const MISSING: &str = "OpenBLAS (with CBLAS and LAPACK) cannot be linked: install libopenblas-dev (Debian, Ubuntu), \
        openblas-devel (Fedora), openblas (Arch: pacman -S openblas; macOS: brew install openblas), or choose another feature of \
        blastrain: --no-default-features (default-features = false) for pure Rust, or with --features openblas-static besides to \
        download and compile OpenBLAS.";

    /// One function each of OpenBLAS itself, CBLAS and LAPACK: some builds leave the last two out.
    const CALLS: &str = "unsafe extern \"C\" { fn openblas_get_parallel() -> i32; fn cblas_dgemm(); fn dgeqrf_(); }\n\
        fn main() { unsafe { if openblas_get_parallel() > 9 { cblas_dgemm(); dgeqrf_() } } }\n";

    pub fn check() {
        println!("cargo::rerun-if-env-changed=BLASTRAIN_NO_LINK_CHECK");
        // On Windows the path comes from vcpkg, and openblas-src names the package itself.
        // Under Miri nothing is linked; on docs.rs nothing is installed.
        let skipped = ["BLASTRAIN_NO_LINK_CHECK", "DOCS_RS", "CARGO_CFG_WINDOWS", "CARGO_CFG_MIRI"];
        if skipped.iter().any(|name| env::var_os(name).is_some()) {
            return;
        }
        let (folders, libraries) = locate();
        for folder in &folders {
            // openblas-src's answer may be older than the installation, so the path is given again.
            println!("cargo::rustc-link-search=native={}", folder.display());
            watch(folder);
        }
        // Where a program without OpenBLAS does not link either, the fault is another: leave it to the linker to tell.
        if !links(CALLS, &folders, &libraries) && links("fn main() {}\n", &[], &[]) {
            println!("cargo::error={MISSING}");
        }
    }

    /// Folders and library names: by pkg-config, else by openblas-src (Homebrew), else the linker's own folders.
    fn locate() -> (Vec<PathBuf>, Vec<String>) {
        let found = pkg_config::Config::new()
            .cargo_metadata(false)
            .env_metadata(true)
            .statik(cfg!(feature = "openblas-static"))
            .probe("openblas");
        match found {
            Ok(library) if !library.libs.is_empty() => (library.link_paths, library.libs),
            _ => {
                let folder = env::var_os("DEP_OPENBLAS_LIBRARY").map(PathBuf::from);
                (folder.into_iter().collect(), vec!["openblas".to_owned()])
            }
        }
    }

    /// Runs this script again when the library goes, so that the next build says so in words.
    fn watch(folder: &Path) {
        for name in ["libopenblas.so", "libopenblas.dylib", "libopenblas.a"] {
            let file = folder.join(name);
            if file.exists() {
                println!("cargo::rerun-if-changed={}", file.display());
            }
        }
    }

    fn links(program: &str, folders: &[PathBuf], libraries: &[String]) -> bool {
        let Some(scratch) = env::var_os("OUT_DIR").map(PathBuf::from) else { return true };
        let source = scratch.join("openblas_probe.rs");
        if fs::write(&source, program).is_err() {
            return true;
        }
        let mut compiler = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        compiler.args(["--edition=2024", "--crate-type=bin", "--crate-name=openblas_probe", "-o"]);
        compiler.arg(scratch.join("openblas_probe")).arg(&source);
        if let Some(target) = env::var_os("TARGET") {
            compiler.arg("--target").arg(target);
        }
        if let Some(linker) = env::var_os("RUSTC_LINKER") {
            compiler.arg(prefixed("-Clinker=", linker));
        }
        let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
        compiler.args(flags.split('\x1f').filter(|flag| !flag.is_empty()));
        for folder in folders {
            compiler.arg(prefixed("-Lnative=", folder.into()));
        }
        compiler.args(libraries.iter().map(|library| format!("-l{library}")));
        // A compiler that cannot be started is not a missing library.
        compiler.output().map_or(true, |output| output.status.success())
    }

    fn prefixed(prefix: &str, value: OsString) -> OsString {
        let mut argument = OsString::from(prefix);
        argument.push(value);
        argument
    }
}
