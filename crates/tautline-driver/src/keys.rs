use std::cell::RefCell;

use tautline_connection::MaskKeys;

/// Masking keys from the operating system's random source (RFC 6455 section 5.3).
#[derive(Clone, Copy, Debug)]
pub(crate) struct OsKeys;

impl MaskKeys for OsKeys {
    #[inline]
    fn next_key(&mut self) -> [u8; 4] {
        KEYS.with_borrow_mut(|keys| {
            if keys.used == KEY_BYTES {
                keys.refill();
            }
            let at = keys.used;
            keys.used += 4;
            [
                keys.bytes[at],
                keys.bytes[at + 1],
                keys.bytes[at + 2],
                keys.bytes[at + 3],
            ]
        })
    }
}

/// A nonce for `Sec-WebSocket-Key` (RFC 6455 section 4.1).
pub(crate) fn nonce() -> [u8; 16] {
    let mut nonce = [0; 16];
    fill(&mut nonce);
    nonce
}

/// 256 keys for one system call.
const KEY_BYTES: usize = 1024;

thread_local! {
    static KEYS: RefCell<Keys> = const { RefCell::new(Keys { bytes: [0; KEY_BYTES], used: KEY_BYTES }) };
}

struct Keys {
    bytes: [u8; KEY_BYTES],
    used: usize,
}

impl Keys {
    #[cold]
    fn refill(&mut self) {
        fill(&mut self.bytes);
        self.used = 0;
    }
}

fn fill(bytes: &mut [u8]) {
    // Without randomness no frame of a client may be sent, and there is no weaker source to fall
    // back to (RFC 6455 section 10.3).
    getrandom::fill(bytes).expect("the operating system has a random source");
}
