/// What a handshake made of the bytes that have arrived so far.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a handshake is either waiting or finished, and callers match on both"
)]
pub enum Progress<M, D> {
    /// More bytes are needed; the machine to give them to.
    More(M),
    /// The handshake has its answer.
    Done(D),
}
