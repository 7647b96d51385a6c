import GuerrillaBackend
import GuerrillaMail
import GuerrillaSMTP
import Testing

struct RecipientCacheTests {
    private let start = ContinuousClock.now

    private func recipient(_ localPart: String, at domain: String = "example.com") -> Recipient {
        Recipient(.mailbox(Mailbox(localPart: localPart, domain: .name(domain))))
    }

    @Test(arguments: [RecipientVerdict.accepted, .rejected(reason: "gone")])
    func verdictsCountForTheirTime(_ verdict: RecipientVerdict) {
        var cache = RecipientCache(lifetime: .seconds(60))
        #expect(cache.verdict(on: self.recipient("a"), now: self.start) == nil)
        cache.remember(verdict, on: self.recipient("a"), now: self.start)
        #expect(cache.verdict(on: self.recipient("a"), now: self.start) == verdict)
        #expect(cache.verdict(on: self.recipient("a"), now: self.start + .milliseconds(59_999)) == verdict)
        #expect(cache.verdict(on: self.recipient("a"), now: self.start + .seconds(60)) == nil)
    }

    @Test(arguments: [SMTPReply.localError, .userUnknown(reason: ""), .recipientOK])
    func processorsOwnRepliesAreNotRemembered(_ reply: SMTPReply) {
        var cache = RecipientCache(lifetime: .seconds(60))
        cache.remember(.reply(reply), on: self.recipient("a"), now: self.start)
        #expect(cache.count == 0)
    }

    @Test func theWholeAddressCounts() {
        var cache = RecipientCache(lifetime: .seconds(60))
        cache.remember(.accepted, on: self.recipient("a"), now: self.start)
        for other in [
            self.recipient("b"), self.recipient("A"), self.recipient("a", at: "example.net"), Recipient(.postmaster),
        ] {
            #expect(cache.verdict(on: other, now: self.start) == nil)
        }
    }

    @Test func aSecondAnswerDoesNotProlongTheFirst() {
        var cache = RecipientCache(lifetime: .seconds(60))
        cache.remember(.accepted, on: self.recipient("a"), now: self.start)
        cache.remember(.rejected(reason: ""), on: self.recipient("a"), now: self.start + .seconds(30))
        #expect(cache.verdict(on: self.recipient("a"), now: self.start + .seconds(59)) == .accepted)
        #expect(cache.verdict(on: self.recipient("a"), now: self.start + .seconds(61)) == nil)
        cache.remember(.rejected(reason: ""), on: self.recipient("a"), now: self.start + .seconds(62))
        #expect(cache.verdict(on: self.recipient("a"), now: self.start + .seconds(121)) == .rejected(reason: ""))
    }

    @Test func theOldestIsForgottenWhenItIsFull() {
        var cache = RecipientCache(lifetime: .seconds(60), capacity: 100)
        for number in 0..<1_000 {
            cache.remember(.accepted, on: self.recipient("\(number)"), now: self.start + .milliseconds(number))
            #expect(cache.count <= 100)
        }
        for number in 0..<1_000 {
            let verdict = cache.verdict(on: self.recipient("\(number)"), now: self.start + .seconds(1))
            #expect((verdict != nil) == (number >= 900))
        }
        cache.remember(.accepted, on: self.recipient("x"), now: self.start + .seconds(100))
        #expect(cache.count == 1)
    }

    @Test func reasonsAreBounded() {
        var cache = RecipientCache(lifetime: .seconds(60))
        cache.remember(
            .rejected(reason: String(repeating: "x", count: 100_000)),
            on: self.recipient("a"),
            now: self.start
        )
        guard case .rejected(let reason) = cache.verdict(on: self.recipient("a"), now: self.start) else {
            Issue.record("not remembered")
            return
        }
        #expect(reason.utf8.count == 512)
    }
}
