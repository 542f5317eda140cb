//! The `clew` binary.

#[global_allocator]
static ALLOCATOR: clew::memory::Allocator = clew::memory::Allocator;

fn main() -> std::process::ExitCode {
    clew::cli::main()
}
