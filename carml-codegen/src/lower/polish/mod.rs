//! What can only be done when all types are known.

mod boxes;
mod forms;
mod large;
mod same;
mod walk;

use crate::ir::types::Program;

pub(super) fn polish(mut program: Program) -> Program {
    same::fold(&mut program);
    boxes::insert(&mut program.types);
    large::shrink(&mut program.types);
    program
}
