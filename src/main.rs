//! The `clew` binary.

#[global_allocator]
static ALLOCATOR: clew::graph::Allocator = clew::graph::Allocator;

fn main() -> std::process::ExitCode {
    clew::cli::main()
}
