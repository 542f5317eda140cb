//! Builds the console with npm where that is possible, and writes down its files to be embedded.
//!
//! Without Node 20 and npm, or with `CLEW_CONSOLE=off`, no file is embedded: the server then shows a small
//! page instead.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;

const SOURCES: [&str; 6] = [
    "src",
    "index.html",
    "package.json",
    "package-lock.json",
    "vite.config.ts",
    "tsconfig.json",
];

fn main() {
    println!("cargo:rerun-if-env-changed=CLEW_CONSOLE");
    for source in SOURCES {
        println!("cargo:rerun-if-changed=console/{source}");
    }
    let output = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let console = Path::new("console");
    let files = match built(console) {
        Ok(files) => files,
        Err(why) => {
            println!("cargo:warning=the small console page is embedded: {why}");
            Vec::new()
        }
    };
    if let Err(error) = embed(&files, &console.join("dist"), &output) {
        panic!(
            "cannot write the console's files into {}: {error}",
            output.display()
        );
    }
}

/// The files of the built console, built now if they are older than their sources.
fn built(console: &Path) -> Result<Vec<PathBuf>, String> {
    if env::var_os("CLEW_CONSOLE").is_some_and(|it| it == "off") {
        return Err("CLEW_CONSOLE is off".to_owned());
    }
    let index = console.join("dist/index.html");
    let newest = SOURCES.iter().map(|it| newest(&console.join(it))).max().flatten();
    let is_fresh = modified(&index).is_some_and(|built| newest.is_none_or(|source| built >= source));
    if !is_fresh {
        build(console)?;
    }
    let mut files = Vec::new();
    collect(&console.join("dist"), &mut files).map_err(|error| error.to_string())?;
    files.sort();
    Ok(files)
}

fn build(console: &Path) -> Result<(), String> {
    let version = run(console, "node", &["--version"])?;
    let major = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|it| it.parse::<u32>().ok());
    if major.is_none_or(|it| it < 20) {
        return Err(format!(
            "Node 20 or newer is needed, and this is {}",
            version.trim()
        ));
    }
    let lock = console.join("package-lock.json");
    let installed = console.join("node_modules/.package-lock.json");
    if modified(&installed) < modified(&lock) {
        run(
            console,
            "npm",
            &["ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        )?;
    }
    run(console, "npm", &["run", "build"])?;
    Ok(())
}

fn run(console: &Path, program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(console)
        .output()
        .map_err(|error| format!("{program} cannot be run: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rfind(|it| !it.trim().is_empty()).unwrap_or_default();
        return Err(format!("{program} {} failed: {last}", arguments.join(" ")));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|it| it.modified()).ok()
}

fn newest(path: &Path) -> Option<SystemTime> {
    let mut files = Vec::new();
    if path.is_dir() {
        collect(path, &mut files).ok()?;
    } else {
        files.push(path.to_owned());
    }
    files.iter().filter_map(|it| modified(it)).max()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Compresses the files and writes the list that the server includes.
fn embed(files: &[PathBuf], root: &Path, output: &Path) -> io::Result<()> {
    let mut list = format!("static ASSETS: [Asset; {}] = [\n", files.len());
    for (no, file) in files.iter().enumerate() {
        let path = file
            .strip_prefix(root)
            .unwrap_or(file)
            .to_string_lossy()
            .replace('\\', "/");
        let compressed = output.join(format!("asset-{no}.gz"));
        let mut encoder = GzEncoder::new(fs::File::create(&compressed)?, Compression::best());
        encoder.write_all(&fs::read(file)?)?;
        encoder.finish()?;
        let content_type = match file.extension().and_then(|it| it.to_str()).unwrap_or_default() {
            "html" => "text/html; charset=utf-8",
            "js" | "mjs" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "json" | "map" => "application/json",
            "svg" => "image/svg+xml",
            "ttf" => "font/ttf",
            "woff2" => "font/woff2",
            _ => "application/octet-stream",
        };
        let _ = writeln!(
            list,
            "    Asset {{ path: {path:?}, content_type: {content_type:?}, gzip: include_bytes!({:?}), plain: OnceLock::new() }},",
            compressed.display().to_string()
        );
    }
    list.push_str("];\n");
    fs::write(output.join("assets.rs"), list)
}
