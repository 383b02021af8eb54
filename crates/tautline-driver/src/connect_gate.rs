use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use async_lock::{Mutex as AsyncMutex, MutexGuardArc};

/// Lets one opening handshake at a time through to each remote address.
///
/// RFC 6455 section 4.1 demands it of every client, so that a client cannot be made to flood a
/// host with half-open connections.
#[derive(Debug)]
pub struct ConnectGate<K>(Mutex<HashMap<K, Arc<AsyncMutex<()>>>>);

/// The right to connect; the next one may when it is dropped.
#[derive(Debug)]
#[must_use = "the next attempt begins when this is dropped"]
pub struct ConnectPermit(#[expect(dead_code, reason = "held to be dropped")] MutexGuardArc<()>);

impl<K: Eq + Hash + Clone> ConnectGate<K> {
    /// A gate that nobody has passed.
    #[must_use]
    pub fn new() -> Self {
        Self(Mutex::default())
    }

    /// Waits until nobody else is connecting to `address`.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the place in the queue is lost.
    pub async fn enter(&self, address: K) -> ConnectPermit {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // An entry that nobody holds or waits for is of no use any more.
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            locks.entry(address).or_default().clone()
        };
        ConnectPermit(lock.lock_arc().await)
    }
}

impl<K: Eq + Hash + Clone> Default for ConnectGate<K> {
    fn default() -> Self {
        Self::new()
    }
}
