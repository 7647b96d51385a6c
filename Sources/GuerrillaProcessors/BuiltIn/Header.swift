public import GuerrillaBackend
public import GuerrillaMail
import NIOCore

/// Makes the delivery header: Return-Path and Received.
///
/// They are kept apart from the message, which is not copied for them. `for` is given only when there is one recipient,
/// since blind copies would be told otherwise.
///
/// - **Configuration**: none. The host in `by` is the server's `host_name`.
/// - **Reads**: `client`, `reversePath`, `recipients`, `queuedID`, `receivedAt`.
/// - **Writes**: `deliveryHeader`.
/// - **Tasks**: save.
/// - **Failure replies**: none.
/// - RFC 5321 § 4.4.
public struct Header: Processor {
    /// It handles messages.
    public static let capabilities: ProcessorCapabilities = [.saves]

    /// The processor for a registry, by the name `Header`.
    public static let description: ProcessorDescription = {
        var description = ProcessorDescription("Header", Header.self) { _ in Header() }
        description.writes = [.deliveryHeader]
        return description
    }()

    /// Creates the processor.
    public init() {}

    /// Composes the fields and passes the message on.
    public func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        envelope.deliveryHeader = Self.deliveryHeader(for: envelope)
        return try await next(&envelope)
    }

    static func deliveryHeader(for envelope: Envelope) -> DeliveryHeader {
        let received = ReceivedField(
            heloArgument: envelope.client.helo?.description ?? "",
            clientAddress: envelope.client.address?.literal ?? "",
            serverName: envelope.client.serverName,
            protocolName: envelope.protocolName,
            tlsVersion: envelope.client.tlsVersion,
            queuedID: envelope.queuedID.description,
            forPath: envelope.recipients.count == 1 ? envelope.recipients[0].description : nil,
            allowsUTF8: envelope.isSMTPUTF8,
            unixSeconds: Int(envelope.receivedAt / 1_000_000),
            zoneOffsetSeconds: 0
        )
        var fields = ByteBufferAllocator().buffer(capacity: 512)
        fields.writeStaticString("Return-Path: <")
        fields.writeString(envelope.reversePath.description)
        fields.writeStaticString(">\r\n")
        received.write(into: &fields)
        return DeliveryHeader(fields: fields)
    }
}
