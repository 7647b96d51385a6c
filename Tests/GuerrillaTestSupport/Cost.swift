#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The CPU time that work on header sections takes, whatever they hold.
///
/// It is compared with a plain loop over as many octets on the same machine at the same time, so that neither a slow machine nor a busy
/// one makes a difference.
public struct Cost {
    /// What an embedder, or a processor, does with a header section. It stays on its thread.
    public typealias Work = ([UInt8]) async throws -> Void

    /// Octets of the larger header sections: `HEADER_COST_SIZE` in the environment, or what takes no time to speak of in a debug build.
    private static let size = getenv("HEADER_COST_SIZE").flatMap { Int(String(cString: $0)) } ?? 7_200

    private let sizes: [Int]
    private let work: Work
    /// What a loop takes that does next to nothing with each octet.
    private let loop: Double

    /// - Parameter work: Is given a header section.
    public init(of work: @escaping Work) async throws {
        self.sizes = [Self.size / 8, Self.size]
        self.work = work
        let octets = HostileHeader.ordinary.octets(Self.size)
        self.loop = try await Self.time(rounds: 5) {
            var sum: UInt32 = 2_166_136_261
            for octet in octets { sum = (sum ^ UInt32(octet)) &* 16_777_619 }
            guard sum != 0 else { throw LeftItsThread() }
        }
    }

    /// What is wrong with the cost of the work on any shape: it has to grow with the section's size, not faster, and to be no great
    /// multiple of a loop over its octets.
    ///
    /// - Parameter factor: How much more than the loop the work may take.
    public func complaints(factor: Double = 60) async throws -> [String] {
        var complaints: [String] = []
        for header in HostileHeader.all + [.ordinary] {
            if let complaint = try await self.complaint(about: header, factor: factor) { complaints.append(complaint) }
        }
        return complaints
    }

    private func complaint(about header: HostileHeader, factor: Double) async throws -> String? {
        var complaint: String?
        // What else the machine does can only add to it: the best of a few rounds counts.
        for rounds in [1, 3, 5] {
            var times: [Double] = []
            for size in self.sizes {
                let octets = header.octets(size)
                times.append(try await Self.time(rounds: rounds) { try await self.work(octets) })
            }
            let growth = times[1] / (times[0] + Self.noise)
            let ratio = Double(self.sizes[1]) / Double(self.sizes[0])
            let multiple = times[1] / (self.loop + Self.noise) / Self.slowness
            if growth > 3 * ratio {
                complaint = "\(header): \(Int(ratio)) times the size takes \(Int(growth)) times as long"
            } else if multiple > factor {
                complaint = "\(header): takes \(Int(multiple)) times as long as a loop over its octets"
            } else {
                return nil
            }
        }
        return complaint
    }

    /// How much more than the loop a build without optimisation slows down the standard library's generic code, of which the loop has none.
    private static var slowness: Double {
        #if DEBUG
        6
        #else
        1
        #endif
    }

    /// What is not worth measuring, in seconds.
    private static let noise = 0.000_2

    private static func time(rounds: Int, _ work: () async throws -> Void) async throws -> Double {
        var best = Double.infinity
        for _ in 0..<rounds {
            let thread = pthread_self()
            let start = self.now
            try await work()
            let time = self.now - start
            guard pthread_equal(thread, pthread_self()) != 0 else { throw LeftItsThread() }
            best = min(best, time)
        }
        return best
    }

    private struct LeftItsThread: Error {}

    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
