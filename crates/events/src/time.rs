//! When it happened, whatever the sender's clock says.

use model::Stamp;

/// The sender's clock is taken out: how long before sending it happened is believed, when that was is not. Segment's spec,
/// "Timestamps": `timestamp = receivedAt - (sentAt - originalTimestamp)`.
///
/// Without `sentAt` the sender's clock is all there is. Nothing happens after it was received: a clock that runs ahead would else
/// win over every later event.
pub(crate) fn corrected(original: Option<Stamp>, sent: Option<Stamp>, received: Stamp) -> Stamp {
    let Some(original) = original else { return received };
    let happened = match sent {
        Some(sent) => received
            .micros()
            .checked_sub(sent.micros().saturating_sub(original.micros()))
            .map_or(original, Stamp::from_micros),
        None => original,
    };
    happened.min(received)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_senders_clock_is_taken_out() {
        let at = |seconds| Some(Stamp::from_seconds(seconds));
        let received = Stamp::from_seconds(1_000);
        // A clock that is an hour slow, and one that is an hour fast; ten seconds from event to sending.
        assert_eq!(corrected(at(-2_610), at(-2_600), received), Stamp::from_seconds(990));
        assert_eq!(corrected(at(4_590), at(4_600), received), Stamp::from_seconds(990));
        assert_eq!(corrected(at(700), None, received), Stamp::from_seconds(700));
        assert_eq!(corrected(None, at(990), received), received);
        // Sent before it happened, or from the future: not later than received.
        assert_eq!(corrected(at(995), at(990), received), received);
        assert_eq!(corrected(at(5_000), None, received), received);
        let ends = [i64::MIN, i64::MAX, 0];
        for original in ends {
            for sent in ends {
                let happened =
                    corrected(Some(Stamp::from_micros(original)), Some(Stamp::from_micros(sent)), received);
                assert!(happened <= received);
            }
        }
    }
}
