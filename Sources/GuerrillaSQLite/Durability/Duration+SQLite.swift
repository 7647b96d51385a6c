#if SQLite
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension Duration {
    /// Seconds, within what SQLite's busy time-out can hold: at most a day, and not negative.
    var secondsForSQLite: Double {
        let (seconds, attoseconds) = min(max(self, .zero), .seconds(86_400)).components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    /// The same in milliseconds.
    var millisecondsForSQLite: Int32 { Int32(self.secondsForSQLite * 1_000) }

    /// Blocks this thread for at most a second.
    func block() {
        usleep(useconds_t(min(self.secondsForSQLite, 1) * 1_000_000))
    }
}
#endif
