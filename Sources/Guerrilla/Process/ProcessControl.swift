#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What a process says of itself to the kernel. (prctl(2))
enum ProcessControl {
    /// No program that this process becomes, or starts, gets rights that it has not.
    /// - Returns: False where the kernel does not do that.
    static func renounceNewPrivileges() -> Bool { Self.set(Self.noNewPrivileges, 1) }

    /// No other process of the same user may look into this one's memory, and none of it gets into a core dump.
    static func closeMemory() { _ = Self.set(Self.dumpable, 0) }

    private static func set(_ option: CInt, _ value: CUnsignedLong) -> Bool {
        #if os(Linux)
        // Variadic, and so kept from Swift: the type of a call with all five arguments.
        typealias Control = @convention(c) (CInt, CUnsignedLong, CUnsignedLong, CUnsignedLong, CUnsignedLong) -> CInt
        guard let function = dlsym(nil, "prctl") else { return false }
        return unsafeBitCast(function, to: Control.self)(option, value, 0, 0, 0) == 0
        #else
        return true
        #endif
    }

    /// `PR_SET_NO_NEW_PRIVS`
    private static let noNewPrivileges: CInt = 38
    /// `PR_SET_DUMPABLE`
    private static let dumpable: CInt = 4
}
