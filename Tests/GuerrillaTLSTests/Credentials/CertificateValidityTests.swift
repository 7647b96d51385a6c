#if TLS
import Testing

@testable import GuerrillaTLS

struct CertificateValidityTests {
    /// 2026-01-01T00:00:00Z
    private static let begin = 1_767_225_600
    private static let day = 86_400

    @Test(arguments: [
        (90, -1, "is not valid before 2026-01-01T00:00:00Z"), (90, 0, nil), (90, 75, nil),
        (90, 77, "expires on 2026-04-01T00:00:00Z; renew it"), (90, 90, "expires on 2026-04-01T00:00:00Z; renew it"),
        (90, 91, "expired on 2026-04-01T00:00:00Z"),
        // For six days: renewed when two are left.
        (6, 3, nil), (6, 5, "expires on 2026-01-07T00:00:00Z; renew it"), (6, 7, "expired on 2026-01-07T00:00:00Z"),
        (0, 0, nil),
    ])
    func warningComesInTime(_ lifetime: Int, _ age: Int, _ warning: String?) {
        let validity = CertificateValidity(begin: Self.begin, end: Self.begin + lifetime * Self.day)
        #expect(validity.warning(at: Self.begin + age * Self.day) == warning)
    }

    @Test(arguments: [(Int.min, Int.max), (Int.max, Int.min), (0, Int.max), (Int.min, 0)])
    func datesBeyondReasonAreNoTrouble(_ begin: Int, _ end: Int) {
        for now in [Int.min, -1, 0, 1, .max] { _ = CertificateValidity(begin: begin, end: end).warning(at: now) }
    }
}
#endif
