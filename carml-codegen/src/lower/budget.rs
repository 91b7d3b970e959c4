//! How large predicates may become: long ones are unreadable, and rustc's time counts too.

/// How many more parts predicates may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// Of the predicate that is being built.
    predicate: usize,
    /// Of the predicates of one type.
    ty: usize,
    /// Of the predicates of the module.
    module: usize,
}

impl Budget {
    /// Of one predicate.
    pub(super) const PREDICATE: usize = 30;

    const TYPE: usize = 48;
    const MODULE: usize = 400;

    pub(super) fn new() -> Self {
        Self {
            predicate: Self::PREDICATE,
            ty: Self::TYPE,
            module: Self::MODULE,
        }
    }

    /// The next type begins.
    pub(super) fn start_type(&mut self) {
        self.ty = Self::TYPE;
    }

    /// The next predicate begins.
    pub(super) fn start_predicate(&mut self, parts: usize) {
        self.predicate = parts;
    }

    /// Takes one part, if there is one left.
    pub(super) fn spend(&mut self) -> bool {
        let left = self.predicate > 0 && self.ty > 0 && self.module > 0;
        if left {
            self.predicate -= 1;
            self.ty -= 1;
            self.module -= 1;
        }
        left
    }
}
