using System.Text.Json;

namespace UsbIpCluster.Control.Tests;

public sealed class RowsTests
{
    [Fact]
    public void A_device_has_these_fields_and_nulls_are_written()
    {
        IReadOnlyList<DeviceRow> rows = [new("lab1", "1-1", "0525", "a4a5", null, null, null, "hid", "high", "kernel", "available", null, null, true, 7, null)];
        Assert.Equal(
            """[{"node":"lab1","busid":"1-1","vid":"0525","pid":"a4a5","serial":null,"manufacturer":null,"product":null,"class":"hid","speed":"high","backend":"kernel","state":"available","holder":null,"name":null,"reachable":true,"epoch":7,"user":null}]""",
            JsonSerializer.Serialize(rows, ControlJson.Default.IReadOnlyListDeviceRow));
    }

    [Fact]
    public void A_node_has_these_fields_and_its_time_is_UTC()
    {
        var time = new DateTimeOffset(2025, 1, 2, 3, 4, 5, 678, TimeSpan.FromHours(2));
        IReadOnlyList<NodeRow> rows = [new("lab1", "10.0.0.1:7240", "up", true, true, 1, 2, "0.1.0", time)];
        Assert.Equal(
            """[{"node":"lab1","address":"10.0.0.1:7240","status":"up","reachable":true,"self":true,"devices":1,"attachments":2,"version":"0.1.0","since":"2025-01-02T01:04:05.678Z"}]""",
            JsonSerializer.Serialize(rows, ControlJson.Default.IReadOnlyListNodeRow));
    }

    [Fact]
    public void An_attachment_has_these_fields_and_nulls_are_written()
    {
        IReadOnlyList<PortRow> rows = [new(null, "a1", "waiting", "name=x", null, null, null, null, null, null, null, null, null, 0, null)];
        Assert.Equal(
            """[{"port":null,"id":"a1","state":"waiting","selector":"name=x","vid":null,"pid":null,"serial":null,"product":null,"node":null,"busid":null,"endpoint":null,"localBusid":null,"since":null,"reattaches":0,"lastError":null,"rule":null,"all":false,"devices":null,"heldBy":null}]""",
            JsonSerializer.Serialize(rows, ControlJson.Default.IReadOnlyListPortRow));
    }

    [Fact]
    public void Params_that_are_not_there_are_their_defaults()
    {
        Assert.Equal(new AttachParams("1-1"), JsonSerializer.Deserialize("""{"selector":"1-1"}""", ControlJson.Default.AttachParams));
    }

    [Fact]
    public void A_row_of_a_newer_daemon_with_one_more_field_is_read()
    {
        var row = JsonSerializer.Deserialize("""{"time":"2025-01-02T01:04:05Z","node":"n","kind":"k","later":1}""", ControlJson.Default.EventRow);
        Assert.Equal("k", row?.Kind);
    }

    [Fact]
    public void The_error_numbers_are_the_exit_codes_and_have_names()
    {
        Assert.Equal(
            ["1 failed", "2 usage", "3 notFound", "4 unavailable", "5 noDaemon", "6 timedOut"],
            Enum.GetValues<ControlError>().Select(error => $"{error.ExitCode()} {error.Code()}"));
    }
}
