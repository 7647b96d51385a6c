#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A thread of the operating system. That none can be had is an answer here; the libraries trap then, or try again for ever.
package enum SystemThread {
    private final class Body {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    /// In octets: enough for a few calls of the system and of our own code.
    private static let stackSize = 256 << 10

    /// Starts a thread that ends with `body`.
    /// - Returns: Whether there is one.
    package static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        let argument = Unmanaged.passRetained(Body(body))
        let result = withUnsafeTemporaryAllocation(of: pthread_attr_t.self, capacity: 1) { attributes -> CInt in
            guard let attributes = attributes.baseAddress, pthread_attr_init(attributes) == 0 else { return ENOMEM }
            defer { pthread_attr_destroy(attributes) }
            pthread_attr_setdetachstate(attributes, CInt(PTHREAD_CREATE_DETACHED))
            pthread_attr_setstacksize(attributes, Self.stackSize)
            #if canImport(Glibc)
            var thread = pthread_t()
            return pthread_create(&thread, attributes, { $0.flatMap { Self.run($0) } }, argument.toOpaque())
            #elseif canImport(Musl)
            var thread: OpaquePointer?
            return pthread_create(&thread, attributes, { $0.flatMap { Self.run($0) } }, argument.toOpaque())
            #else
            var thread: pthread_t?
            return pthread_create(&thread, attributes, { Self.run($0) }, argument.toOpaque())
            #endif
        }
        if result != 0 { argument.release() }
        return result == 0
    }

    private static func run(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        return nil
    }
}
