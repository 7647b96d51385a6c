public import GuerrillaMail

/// What a session allows; one snapshot holds for a whole connection.
public struct SMTPSessionLimits: Sendable, Equatable {
    /// The largest message in octets (`max_size`). The default is 10,485,760.
    public var messageSize = 10_485_760
    /// Recipients of one message (`max_recipients`). The default is 100; RFC 5321 § 4.5.3.1.8 requires as many.
    public var recipients = 100
    /// Transactions of one session (`max_messages_per_session`). The default is 1,000.
    public var messages = 1_000
    /// The longest command line in octets with its CRLF (`max_command_line`). The default is 2,048.
    public var commandLine = 2_048
    /// Octets beyond ``messageSize`` that are read and discarded so that the session survives (`data_overrun`). The
    /// default is the larger of 1,024,000 and 3 × ``messageSize``.
    public var dataOverrun: Int {
        get {
            let (triple, overflow) = self.messageSize.multipliedReportingOverflow(by: 3)
            return self.chosenDataOverrun ?? (overflow ? .max : max(1_024_000, triple))
        }
        set { self.chosenDataOverrun = newValue }
    }
    /// Commands that are no commands before the session is closed (`max_bad_commands`). The default is 10.
    public var badCommands = 10
    /// Commands since the last message that brought the peer no nearer to the next one (`max_idle_commands`): all but an
    /// accepted MAIL, RCPT or DATA. The default is 2,000: as many as a session of 1,000 transactions that are all reset
    /// after a refused recipient, which is what address verification looks like.
    public var idleCommands = 2_000
    /// The largest header section in octets, with the empty line that ends it (`max_header_size`). The default is 1 MiB.
    public var headerSize = 1_048_576
    /// Header fields of one message (`max_header_fields`). The default is 1,000.
    public var headerFields = 1_000
    /// Received fields of one message before it counts as going round in circles (`max_received_hops`, RFC 5321 § 6.3).
    /// The default is 100.
    public var receivedHops = 100
    /// Whether a message with a CR or LF that stands alone is refused (`bare_newline` `reject`). The default is false:
    /// they are kept as sent and end no line.
    public var refusesBareNewlines = false
    /// Lengths of paths and their parts.
    public var paths = PathLimits()

    /// ``dataOverrun`` where it was set by itself.
    package var chosenDataOverrun: Int?

    /// The defaults.
    public init() {}

    /// Octets of one message that are read at all.
    var maximumRead: Int {
        let (sum, overflow) = self.messageSize.addingReportingOverflow(self.dataOverrun)
        return overflow ? .max : sum
    }
}
