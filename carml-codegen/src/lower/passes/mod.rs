//! What needs all types to be known.

pub(super) mod any_integers;
mod box_large_variants;
mod break_cycles;
mod dedup;
mod hide_untyped;
mod scalar_unions;
mod visit;

use crate::ir::types::Program;

pub(super) fn run(mut program: Program) -> Program {
    any_integers::run(&mut program);
    dedup::run(&mut program);
    hide_untyped::run(&mut program.types);
    break_cycles::run(&mut program.types);
    box_large_variants::run(&mut program.types);
    program
}
