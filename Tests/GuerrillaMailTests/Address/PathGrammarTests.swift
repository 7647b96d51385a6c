import GuerrillaMail
import Testing

/// The grammar, rule by rule: what RCPT takes, what it refuses, and what is taken only with SMTPUTF8.
struct PathGrammarTests {
    enum Verdict {
        case accepted
        case withUTF8
        case refused
    }

    private static let rules: [(rule: String, argument: String, verdict: Verdict)] = [
        ("§ 4.1.2 Path: angle brackets", "<a@b.example>", .accepted), ("§ 4.1.2 Path", "a@b.example", .refused),
        ("§ 4.1.2 Path: one mailbox", "<a@b.example>,<c@d.example>", .refused),
        ("§ 4.1.2 Path: no display name", "A <a@b.example>", .refused),
        ("§ 4.1.2 Path: no comment", "<a@b.example(c)>", .refused),
        ("§ 4.1.2 Path: nothing behind", "<a@b.example>x", .refused),
        ("§ 3.3: a forward-path is not null", "<>", .refused),
        ("§ 4.5.1: postmaster", "<postmaster>", .accepted), ("§ 4.5.1: any case", "<pOsTmAsTeR>", .accepted),
        ("§ 4.5.1: that word only", "<postmasterx>", .refused), ("§ 4.5.1: that word only", "<xpostmaster>", .refused),
        ("§ 4.5.1: that word only", "<post master>", .refused), ("§ 2.3.11: @ and domain", "<root>", .refused),

        ("§ 4.1.2 Dot-string: atext", "<!#$%&'*+-/=?^_`{|}~@b.example>", .accepted),
        ("§ 4.1.2 Dot-string: dots between", "<a.b.c@b.example>", .accepted),
        ("§ 4.1.2 Dot-string", "<.a@b.example>", .refused), ("§ 4.1.2 Dot-string", "<a.@b.example>", .refused),
        ("§ 4.1.2 Dot-string", "<a..b@b.example>", .refused), ("§ 4.1.2 Dot-string", "<a b@b.example>", .refused),
        ("§ 4.1.2 Dot-string: no specials", "<a;b@b.example>", .refused),
        ("§ 4.1.2 Quoted-string: specials", #"<"a;b (c) <d>, e@f:[g]"@b.example>"#, .accepted),
        ("§ 4.1.2 Quoted-string: empty", #"<""@b.example>"#, .accepted),
        ("§ 4.1.2 Quoted-string: as a whole", #"<a."b"@b.example>"#, .refused),
        ("§ 4.1.2 quoted-pairSMTP", #"<"a\"b\\c\d"@b.example>"#, .accepted),
        ("§ 4.1.2 quoted-pairSMTP: of 32-126", "<\"a\\\t\"@b.example>", .refused),
        ("§ 4.1.2 quoted-pairSMTP: within quotes", #"<a\@b@b.example>"#, .refused),
        ("§ 4.1.2 qtextSMTP: no control characters", "<\"a\tb\"@b.example>", .refused),
        ("§ 4.1.2 qtextSMTP: no NUL", "<\"a\0b\"@b.example>", .refused),
        ("§ 4.5.3.1.1: at least 64, here 128", "<\(String(repeating: "a", count: 128))@b.example>", .accepted),
        ("§ 4.5.3.1.1", "<\(String(repeating: "a", count: 129))@b.example>", .refused),

        ("§ 2.3.5 Domain: a single label", "<a@b>", .accepted), ("§ 2.3.5 Domain: digits", "<a@1.2.3.4>", .accepted),
        ("§ 4.1.2 sub-domain: hyphens within", "<a@b--c.example>", .accepted),
        ("§ 4.1.2 sub-domain", "<a@-b.example>", .refused), ("§ 4.1.2 sub-domain", "<a@b-.example>", .refused),
        ("§ 4.1.2 Domain: no empty label", "<a@b..example>", .refused),
        ("§ 4.1.2 Domain: no trailing dot", "<a@b.example.>", .refused),
        ("beyond § 4.1.2: underscores", "<a@_b_.example>", .accepted),
        ("RFC 5890: an A-label is a label", "<a@xn--bcher-kva.example>", .accepted),
        ("RFC 1035 § 2.3.4: 63 octets", "<a@\(String(repeating: "b", count: 63)).example>", .accepted),
        ("RFC 1035 § 2.3.4", "<a@\(String(repeating: "b", count: 64)).example>", .refused),

        ("§ 4.1.3 IPv4", "<a@[192.0.2.1]>", .accepted), ("§ 4.1.3 IPv4: four numbers", "<a@[192.0.2]>", .refused),
        ("§ 4.1.3 IPv4: up to 255", "<a@[192.0.2.256]>", .refused), ("§ 4.1.3 IPv4", "<a@[0300.0.2.1]>", .refused),
        ("§ 4.1.3 IPv6", "<a@[IPv6:2001:db8::1]>", .accepted), ("§ 4.1.3 IPv6: all", "<a@[IPv6:::]>", .accepted),
        ("§ 4.1.3 IPv6: full", "<a@[IPv6:1:2:3:4:5:6:7:8]>", .accepted),
        ("§ 4.1.3 IPv6v4", "<a@[IPv6:1:2:3:4:5:6:192.0.2.1]>", .accepted),
        ("§ 4.1.3 IPv6: eight at most", "<a@[IPv6:1:2:3:4:5:6:7:8:9]>", .refused),
        ("§ 4.1.3 IPv6: eight without ::", "<a@[IPv6:1:2:3:4:5:6:7]>", .refused),
        ("§ 4.1.3 IPv6: one ::", "<a@[IPv6:1::2::3]>", .refused),
        ("§ 4.1.3 IPv6: four digits", "<a@[IPv6:12345::]>", .refused),
        ("§ 4.1.3 IPv6: no zone", "<a@[IPv6:fe80::1%lo]>", .refused),
        ("§ 4.1.3 IPv6: the tag", "<a@[::1]>", .refused), ("§ 4.1.3 General", "<a@[tag:content]>", .accepted),
        ("§ 4.1.3 General: something follows", "<a@[tag:]>", .refused),
        ("§ 4.1.3 General: an Ldh-str", "<a@[tag-:x]>", .refused), ("§ 4.1.3: brackets", "<a@[192.0.2.1>", .refused),
        ("§ 4.1.3: nothing beside", "<a@x[192.0.2.1]>", .refused), ("§ 4.1.3: no spaces", "<a@[ 192.0.2.1]>", .refused),

        ("appendix C: a source route is dropped", "<@x.example,@y.example:a@b.example>", .accepted),
        ("appendix C: of domains", "<@[192.0.2.1]:a@b.example>", .refused),
        ("appendix C: with its colon", "<@x.example,a@b.example>", .refused),
        ("§ 4.5.3.1.3: 256 octets", "<@\(String(repeating: "x.", count: 118))x:a@b.example>", .accepted),
        ("§ 4.5.3.1.3", "<@\(String(repeating: "x.", count: 125))x:a@b.example>", .refused),

        ("RFC 6531 § 3.3 atext", "<jos\u{E9}@b.example>", .withUTF8),
        ("RFC 6531 § 3.3 qtextSMTP", "<\"jos\u{E9} x\"@b.example>", .withUTF8),
        ("RFC 6531 § 3.3: no quoted-pair", "<\"\\\u{E9}\"@b.example>", .refused),
        ("RFC 6531 § 3.3 sub-domain: U-labels", "<a@b\u{FC}cher.example>", .withUTF8),
        ("RFC 6531 § 3.3: a route too", "<@b\u{FC}cher.example:a@b.example>", .withUTF8),
        ("RFC 6531 § 3.3: literals stay", "<a@[tag:\u{E9}]>", .refused),
        ("RFC 6531 § 3.3: no C1 controls", "<a\u{85}b@b.example>", .refused),
    ]

    @Test(arguments: rules)
    func ruleHolds(rule: String, argument: String, verdict: Verdict) {
        #expect(self.isAccepted(argument, allowsUTF8: false) == (verdict == .accepted), "\(rule)")
        #expect(self.isAccepted(argument, allowsUTF8: true) == (verdict != .refused), "\(rule)")
    }

    private func isAccepted(_ argument: String, allowsUTF8: Bool) -> Bool {
        let octets = Array(argument.utf8)
        let result = try? PathParser.parseForwardPath(octets.span, limits: PathLimits(), allowsUTF8: allowsUTF8)
        return result != nil
    }
}
