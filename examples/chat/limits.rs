use std::time::Duration;

/// What members together and each alone may use of the server.
///
/// The product of these numbers bounds its memory, whatever anybody sends.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Connections at a time, upgraded or not. Others wait in the listener's queue. Default: 1024.
    pub connections: usize,
    /// Rooms with somebody in them. Default: 256.
    pub rooms: usize,
    /// Members of one room. Default: 100.
    pub members: usize,
    /// Texts of a room that a new member gets to see. Default: 50.
    pub history: usize,
    /// Events that wait for one member before that member is too slow: more than a room can have at
    /// once, with everybody coming, speaking and going. Default: 512.
    pub queue: usize,
    /// Bytes of one message from a member. Default: 16 KiB, a text of the longest kind with room
    /// for the escapes of JSON.
    pub message: usize,
    /// Bytes the operating system may hold for a member who does not read. Default: 64 KiB.
    pub send_buffer: u32,
    /// Texts and new names that a room takes in a burst: nobody reads faster, and a queue has to
    /// hold what comes while a member's task waits for its turn. Default: 128.
    pub room_burst: u32,
    /// Time in which a room's spent burst is available again. Default: 2 s.
    pub room_burst_period: Duration,
    /// Messages that a member may send in a burst. Default: 20.
    pub burst: u32,
    /// Time in which a spent burst is available again. Default: 5 s.
    pub burst_period: Duration,
    /// Time from the upgrade to the name of the member. Default: 15 s.
    pub join: Duration,
    /// Time between pings, and for the pong. Default: 20 s.
    pub keepalive: Duration,
    /// Time for the closing handshake of one member, and of all when the server goes down.
    /// Default: 5 s.
    pub close: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            rooms: 256,
            members: 100,
            history: 50,
            queue: 512,
            message: 16 * 1024,
            send_buffer: 64 * 1024,
            room_burst: 128,
            room_burst_period: Duration::from_secs(2),
            burst: 20,
            burst_period: Duration::from_secs(5),
            join: Duration::from_secs(15),
            keepalive: Duration::from_secs(20),
            close: Duration::from_secs(5),
        }
    }
}
