#if Compression
/// One stream of a compression library. Used by one thread at a time, for one message.
protocol CompressionStream: AnyObject {
    /// Takes all of `input` in.
    func add(_ input: UnsafeRawBufferPointer, to output: inout CompressionOutput) throws(CompressionError)

    /// Writes what is still to be written. The stream is of no use afterwards.
    func finish(_ output: inout CompressionOutput) throws(CompressionError)
}
#endif
