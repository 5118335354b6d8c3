//! The console's pages and the customers' app are part of the program, in dev builds too: a program that looks for them at run time serves whatever
//! is at that path by then, which may be another checkout's, or nothing. So this crate is built anew when they change.

fn main() {
    println!("cargo::rerun-if-changed=../../web/console/dist");
    println!("cargo::rerun-if-changed=../../web/app/dist/h5");
}
