use alloc::vec::Vec;

/// Appends to the buffer of a message that may have `max_len` bytes.
///
/// The buffer doubles when it is full, as `Vec` does, but never beyond the longest message: what
/// a peer can make a connection hold is the limit and not twice as much.
pub(crate) fn append(buffer: &mut Vec<u8>, bytes: &[u8], max_len: usize) {
    let len = buffer.len() + bytes.len();
    if len > buffer.capacity() {
        let doubled = buffer.capacity().saturating_mul(2);
        let capacity = doubled.min(max_len).max(len);
        buffer.reserve_exact(capacity - buffer.len());
    }
    buffer.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_doubles_up_to_the_limit() {
        let mut buffer = Vec::new();
        let mut capacities = Vec::new();
        for piece in [3, 1, 1, 3, 1, 9, 2] {
            append(&mut buffer, &[7].repeat(piece), 20);
            capacities.push(buffer.capacity());
        }
        assert_eq!(buffer, [7; 20]);
        assert_eq!(capacities, [3, 6, 6, 12, 12, 20, 20]);
    }
}
