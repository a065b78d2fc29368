using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace.Tests;

/// <summary>What an importer gets when it takes a URB back.</summary>
public sealed class UnlinkTests : UrbTestBase
{
    [Fact]
    public async Task An_unlink_in_time_takes_the_urb_back_and_is_the_only_answer()
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Keyboard);
        var urb = importer.Submit(UrbDirection.In, Interrupt, 8);
        var unlink = importer.Unlink(urb);

        Assert.Equal(new RetUnlink(unlink, Unlinked), importer.ReceiveUnlinked());
        Keys.Press(4);
        importer.AssertAlive();
    }

    [Fact]
    public async Task An_unlink_that_comes_too_late_is_answered_behind_the_urb()
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Serial);
        var urb = importer.Write(Bulk, [1]);
        var unlink = importer.Unlink(urb);

        Assert.Equal((urb, 0, 1), Key(importer.ReceiveReturn()));
        Assert.Equal(new RetUnlink(unlink, 0), importer.ReceiveUnlinked());
        importer.AssertAlive();
    }

    [Fact]
    public async Task Each_unlink_of_one_urb_has_one_answer()
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Serial);
        var urb = importer.Submit(UrbDirection.In, Bulk, 8);
        var first = importer.Unlink(urb);
        var second = importer.Unlink(urb);

        Assert.Equal(new RetUnlink(first, Unlinked), importer.ReceiveUnlinked());
        Assert.Equal(new RetUnlink(second, 0), importer.ReceiveUnlinked());
        importer.AssertAlive();
    }

    [Fact]
    public async Task An_unlink_of_a_urb_that_never_was_is_answered_with_0()
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Serial);
        var unlink = importer.Unlink(12345);

        Assert.Equal(new RetUnlink(unlink, 0), importer.ReceiveUnlinked());
    }

    [Fact]
    public async Task The_urb_behind_an_unlinked_one_gets_its_data()
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Serial);
        var first = importer.Submit(UrbDirection.In, Bulk, 8);
        var second = importer.Submit(UrbDirection.In, Bulk, 8);
        importer.Unlink(first);
        importer.Write(Bulk, [7]);

        Assert.Equal(Unlinked, importer.ReceiveUnlinked().Status);
        Assert.Equal(1, importer.ReceiveReturn().ActualLength);
        AssertIn(second, [7], importer.ReceiveIn());
    }

    [Fact]
    public async Task An_unlink_that_races_with_the_device_is_answered_in_one_of_the_two_ways()
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Keyboard);
        using var rounds = new Barrier(2);
        const int Rounds = 500;
        var typist = Task.Run(() =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                rounds.SignalAndWait();
                Keys.Press(4);
                rounds.SignalAndWait();
            }
        });

        for (var round = 0; round < Rounds; round++)
        {
            var urb = importer.Submit(UrbDirection.In, Interrupt, 8);
            rounds.SignalAndWait();
            var unlink = importer.Unlink(urb);
            var header = importer.ReceiveHeader();
            if (RetSubmit.Read(header) is { IsComplete: true, Value: var reply })
            {
                Assert.Equal((urb, 0, 8), Key(reply));
                importer.Receive(8);
                Assert.Equal(new RetUnlink(unlink, 0), importer.ReceiveUnlinked());
            }
            else
            {
                Assert.Equal(new RetUnlink(unlink, Unlinked), RetUnlink.Read(header).Value);
            }

            rounds.SignalAndWait();
            // Empties the keyboard and starts the next round from scratch.
            importer.Submit(UrbDirection.Out, 0, 0, new SetupPacket(0x00, 9, 1, 0, 0));
            Assert.Equal(0, importer.ReceiveReturn().Status);
        }

        await typist;
    }
}
