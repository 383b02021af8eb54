use tautline_driver::{CloseCode, Closed, Corked, Error, Fin, Message, WebSocket};

use super::{application::Application, executor::perhaps, network::End, random::Random};

/// A connection that one task has to itself.
pub(crate) trait Channel {
    /// Receives one message and answers it; says whether there may be another.
    async fn turn(&mut self, app: &Application) -> Result<bool, Error>;

    async fn send(&mut self, message: Message, random: &Random) -> Result<(), Error>;

    async fn feed(&mut self, message: Message) -> Result<(), Error>;

    /// Whether what is queued leaves though nothing is asked of the connection.
    fn sends_by_itself(&self) -> bool {
        false
    }

    async fn close(&mut self);

    fn closed(&self) -> Closed;
}

impl Channel for WebSocket<End> {
    async fn turn(&mut self, app: &Application) -> Result<bool, Error> {
        match perhaps(&app.random, self.recv()).await.transpose()? {
            None => Ok(true),
            Some(None) => Ok(false),
            Some(Some(message)) => {
                if let Some(answer) = app.hear(&message) {
                    self.send(answer).await?;
                }
                Ok(true)
            }
        }
    }

    async fn send(&mut self, message: Message, random: &Random) -> Result<(), Error> {
        if random.one_in(2) {
            return self.send(message).await;
        }
        let (first, second) = halves(&message, random);
        self.send_fragment(first, Fin::More).await?;
        self.send_fragment(second, Fin::Last).await
    }

    async fn feed(&mut self, message: Message) -> Result<(), Error> {
        self.feed(message).await
    }

    async fn close(&mut self) {
        let closed = self.close(CloseCode::NORMAL, "enough").await;
        closed.expect("a Close of this length may be sent");
    }

    fn closed(&self) -> Closed {
        self.closed()
    }
}

/// A connection whose messages are received where they lie.
pub(crate) struct Lending(pub(crate) WebSocket<End>);

impl Channel for Lending {
    async fn turn(&mut self, app: &Application) -> Result<bool, Error> {
        let Some(received) = perhaps(&app.random, self.0.recv_ref()).await.transpose()? else {
            return Ok(true);
        };
        let Some(mut received) = received else {
            return Ok(false);
        };
        let message = received.message.into_message();
        if let Some(answer) = app.hear(&message) {
            received.reply.send(answer)?;
        }
        Ok(true)
    }

    async fn send(&mut self, message: Message, random: &Random) -> Result<(), Error> {
        Channel::send(&mut self.0, message, random).await
    }

    async fn feed(&mut self, message: Message) -> Result<(), Error> {
        self.0.feed(message).await
    }

    async fn close(&mut self) {
        Channel::close(&mut self.0).await;
    }

    fn closed(&self) -> Closed {
        self.0.closed()
    }
}

impl Channel for Corked<End> {
    async fn turn(&mut self, app: &Application) -> Result<bool, Error> {
        match perhaps(&app.random, self.recv()).await.transpose()? {
            None => Ok(true),
            Some(None) => Ok(false),
            Some(Some(message)) => {
                if let Some(answer) = app.hear(&message) {
                    Self::send(self, answer).await?;
                }
                Ok(true)
            }
        }
    }

    async fn send(&mut self, message: Message, _: &Random) -> Result<(), Error> {
        Self::send(self, message).await
    }

    async fn feed(&mut self, message: Message) -> Result<(), Error> {
        Self::send(self, message).await
    }

    fn sends_by_itself(&self) -> bool {
        true
    }

    async fn close(&mut self) {
        let closed = Self::close(self, CloseCode::NORMAL, "enough").await;
        closed.expect("a Close of this length may be sent");
    }

    fn closed(&self) -> Closed {
        Self::closed(self)
    }
}

/// A message in two parts.
fn halves(message: &Message, random: &Random) -> (Message, Message) {
    let at = random.below(message.as_bytes().len() + 1);
    let (first, second) = message.as_bytes().split_at(at);
    match message.as_text() {
        // All that is sent as text here is ASCII.
        Some(text) => (text[..at].into(), text[at..].into()),
        None => (first.to_vec().into(), second.to_vec().into()),
    }
}
