using System.Net.Sockets;
using System.Text;
using UsbIpCluster.Linux;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>What the USB/IP port answers to a request.</summary>
public enum PortAnswer
{
    /// <summary>The connection is closed without a byte.</summary>
    Nothing,

    /// <summary>The list, and the connection is closed.</summary>
    List,

    /// <summary>OP_REP_IMPORT with ST_NODEV, and the connection is closed.</summary>
    NoDevice,

    /// <summary>OP_REP_IMPORT with the device; then the connection is the session's.</summary>
    Device,
}

/// <summary>
/// The catalogue of requests that are wrong in some way, each with its answer: no request gets no answer (the stock server's way), and what
/// is behind a request is not looked at by the port. After each of them, the next client is served.
/// </summary>
public sealed class MalformedRequestTests : UsbIpListenerSpec, IAsyncLifetime
{
    private static readonly byte[] DevList = new OpRequest.ListDevices().Encode();
    private static readonly byte[] Known = ImportOf("sim-0");
    private static readonly byte[] NoSuch = ImportOf("9-9");
    private static readonly byte[] Lease = new OpRequest.UseLease(LeaseId.New()).Encode();
    private static readonly byte[] Resume = new OpRequest.ResumeLease(LeaseId.New()).Encode();

    public static TheoryData<string, byte[], PortAnswer> Catalogue => new()
    {
        { "nothing", [], PortAnswer.Nothing },
        { "one byte", [0x01], PortAnswer.Nothing },
        { "zeros", new byte[100], PortAnswer.Nothing },
        { "another protocol", "GET / HTTP/1.1\r\n\r\n"u8.ToArray(), PortAnswer.Nothing },
        { "version 1.0.6", [0x01, 0x06, .. DevList[2..]], PortAnswer.Nothing },
        { "version 1.1.2", [0x01, 0x12, .. Known[2..]], PortAnswer.Nothing },
        { "version with its bytes swapped", [0x11, 0x01, .. DevList[2..]], PortAnswer.Nothing },
        { "no code", Header(0x0000), PortAnswer.Nothing },
        { "a code without the bit of requests", Header(0x0005), PortAnswer.Nothing },
        { "the code of an import's reply", [.. Header(0x0003), .. Known[8..]], PortAnswer.Nothing },
        { "OP_REQ_DEVINFO, which nobody serves", [.. Header(0x8002), .. Known[8..]], PortAnswer.Nothing },
        { "OP_REQ_EXPORT, which is for other servers", [.. Header(0x8006), .. new byte[312]], PortAnswer.Nothing },
        { "an unknown code", Header(0x80ff), PortAnswer.Nothing },
        { "a list with a status", Header(0x8005, status: 1), PortAnswer.Nothing },
        { "an import with a status", [.. Header(0x8003, status: -1), .. Known[8..]], PortAnswer.Nothing },
        { "a lease with a status", [.. Header(0x80e0, status: 1), .. Lease[8..], .. Known], PortAnswer.Nothing },

        { "an unknown bus id", NoSuch, PortAnswer.NoDevice },
        { "the longest bus id", ImportOf(new string('1', 31)), PortAnswer.NoDevice },
        { "a bus id of 32 bytes, without a NUL", ImportOf(new string('1', 32)), PortAnswer.Nothing },
        { "a known bus id without a NUL", ImportOf("sim-0".PadRight(32, '0')), PortAnswer.Nothing },
        { "an empty bus id", ImportOf(""), PortAnswer.Nothing },
        { "a bus id that begins with its NUL", ImportOf("\0sim-0"), PortAnswer.Nothing },
        { "a bus id with bytes behind its NUL", ImportOf("sim-0\0x/../\u00ff"), PortAnswer.Device },
        { "a bus id with a slash", ImportOf("1-1/power"), PortAnswer.Nothing },
        { "a bus id that is a path", ImportOf("/sys/bus/usb/devices/1-1"), PortAnswer.Nothing },
        { "a bus id that leads up", ImportOf("../../../etc"), PortAnswer.Nothing },
        { "a bus id of two dots", ImportOf(".."), PortAnswer.Nothing },
        { "a bus id with two dots in it", ImportOf("1-1..2"), PortAnswer.Nothing },
        { "a bus id with a byte above 127", ImportOf("1-\u00e9"), PortAnswer.Nothing },
        { "a bus id of bytes of 255", ImportOf(new string('\u00ff', 31)), PortAnswer.Nothing },
        { "a bus id with a new line", ImportOf("sim-0\n"), PortAnswer.Nothing },
        { "a bus id with a terminal's escape", ImportOf("1-\u001b[2J"), PortAnswer.Nothing },
        { "a bus id with a blank", ImportOf("sim-0 "), PortAnswer.Nothing },
        { "a bus id with a format", ImportOf("%s%n{0}"), PortAnswer.Nothing },

        { "a list and a byte", [.. DevList, 0], PortAnswer.List },
        { "a list and much", [.. DevList, .. new byte[3000]], PortAnswer.List },
        { "two lists", [.. DevList, .. DevList], PortAnswer.List },
        { "a list and an import", [.. DevList, .. Known], PortAnswer.List },
        { "an import that is refused and a byte", [.. NoSuch, 0], PortAnswer.NoDevice },
        { "an import that is refused and one that would not be", [.. NoSuch, .. Known], PortAnswer.NoDevice },
        { "an import that is refused and a list", [.. NoSuch, .. DevList], PortAnswer.NoDevice },
        { "two imports, of which the second is no URB", [.. Known, .. Known], PortAnswer.Device },
        { "an import and a list", [.. Known, .. DevList], PortAnswer.Device },

        { "a lease without an import", Lease, PortAnswer.Nothing },
        { "a lease and half an import", [.. Lease, .. Known[..20]], PortAnswer.Nothing },
        { "two leases", [.. Lease, .. Lease, .. Known], PortAnswer.Nothing },
        { "a lease and another to resume", [.. Lease, .. Resume, .. Known], PortAnswer.Nothing },
        { "a lease and a list", [.. Lease, .. DevList], PortAnswer.Nothing },
        { "a lease to resume and a list", [.. Resume, .. DevList], PortAnswer.Nothing },
        { "a lease and a wrong version", [.. Lease, 0x01, 0x06, .. Known[2..]], PortAnswer.Nothing },
        { "a lease and a bus id that is none", [.. Lease, .. ImportOf("../etc")], PortAnswer.Nothing },
        { "a lease that nobody has", [.. Lease, .. Known], PortAnswer.Nothing },
        { "a lease that nobody has, for no device", [.. Lease, .. NoSuch], PortAnswer.Nothing },
        { "a lease to resume that nobody has", [.. Resume, .. Known], PortAnswer.Nothing },
        { "a lease of zeros", [.. Header(0x80e0), .. new byte[16], .. Known], PortAnswer.Nothing },
    };

    async Task IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        await StartAgainAsync(limits: ListenerLimits.Default with { Rate = 10_000 });
    }

    [Theory]
    [MemberData(nameof(Catalogue))]
    public void Each_has_its_answer_and_the_next_client_is_served(string what, byte[] request, PortAnswer expected)
    {
        var list = Ask(DevList);
        Assert.Equal(1, DevlistReply.Read(list).Value.Count);

        var answer = Ask(request);
        Assert.True(Expected(expected, list).AsSpan().SequenceEqual(answer), $"{what} is answered by {Convert.ToHexStringLower(answer)}");

        if (expected != PortAnswer.Device)
            Assert.Equal(list, Ask(DevList));
        else
            Assert.Equal(ImportReply.Refused(OpStatus.NoDev).Encode(), Ask(NoSuch));
    }

    [Fact]
    public void A_request_that_ends_anywhere_before_its_end_is_closed_without_an_answer()
    {
        foreach (var request in (byte[][])[DevList, Known, [.. Lease, .. Known], [.. Resume, .. Known]])
        {
            for (var length = 0; length < request.Length; length++)
                Assert.True(Ask(request[..length]) is [], $"{length} of {request.Length} bytes are answered");
            Assert.NotEmpty(Ask(DevList));
        }
    }

    [Fact]
    public async Task A_request_that_stops_anywhere_before_its_end_is_closed_when_its_time_is_over()
    {
        await StartAgainAsync(limits: new ListenerLimits(Connections: 200, PerAddress: 200, Rate: 10_000, TimeSpan.FromSeconds(1)));
        byte[] request = [.. Lease, .. Known];
        var clients = Enumerable.Range(0, request.Length).Select(_ => Connect()).ToArray();
        for (var length = 0; length < clients.Length; length++)
            clients[length].Send(request.AsSpan(0, length));
        Assert.Single(UsbIpClient.ListDevices(EndPoint, Deadline.After(Patience)));
        Assert.All(clients, AssertClosed);
        Assert.Single(UsbIpClient.ListDevices(EndPoint, Deadline.After(Patience)));
    }

    [Fact]
    public void A_request_that_comes_byte_by_byte_is_answered()
    {
        var client = Connect();
        foreach (var value in NoSuch)
            client.Send([value]);
        Assert.Equal(ImportReply.Refused(OpStatus.NoDev).Encode(), ReadToEnd(client));
    }

    private byte[] Ask(byte[] request)
    {
        using var client = Connect();
        client.Send(request);
        client.Shutdown(SocketShutdown.Send);
        return ReadToEnd(client);
    }

    private static byte[] Expected(PortAnswer answer, byte[] list) => answer switch
    {
        PortAnswer.List => list,
        PortAnswer.NoDevice => ImportReply.Refused(OpStatus.NoDev).Encode(),

        // The list has the same record of the device, behind 12 bytes of its own and before the interfaces.
        PortAnswer.Device => [.. Header(0x0003), .. list[DevlistReply.Size..][..UsbDeviceRecord.Size]],
        _ => [],
    };

    private static byte[] Header(ushort code, int status = 0)
    {
        var header = new byte[8];
        header[0] = 0x01;
        header[1] = 0x11;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), code);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), status);
        return header;
    }

    private static byte[] ImportOf(string busId)
    {
        byte[] request = [.. Header(0x8003), .. new byte[32]];
        Encoding.Latin1.GetBytes(busId, request.AsSpan(8));
        return request;
    }
}
