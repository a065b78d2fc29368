namespace UsbIpCluster.Node.Tests;

public sealed class StateFileTests
{
    private readonly StateFolder _folder = TempState.New();

    [Fact]
    public async Task What_was_written_last_is_what_is_read_again()
    {
        var file = NewFile();
        Assert.Null(file.Read(out var problem));
        Assert.Null(problem);
        var writes = Enumerable.Range(1, 1000).Select(number => file.WriteAsync(new KeptAttachments((uint)number))).ToArray();
        Assert.Equal(1000u, file.Read(out _)?.LastId);
        await Task.WhenAll(writes);
        Assert.Equal(1000u, NewFile().Read(out _)?.LastId);
    }

    [Fact]
    public async Task A_write_that_is_done_is_on_the_disk_whoever_else_writes()
    {
        var file = NewFile();
        for (uint number = 1; number <= 200; number++)
        {
            await file.WriteAsync(new KeptAttachments(number));
            Assert.Equal(number, NewFile().Read(out _)?.LastId);
        }
    }

    [Fact]
    public async Task Those_who_wait_behind_a_write_share_one()
    {
        var file = NewFile();
        Task first;
        Task[] others;
        do
        {
            first = file.WriteAsync(new KeptAttachments(1));
            others = [.. Enumerable.Range(2, 50).Select(number => file.WriteAsync(new KeptAttachments((uint)number)))];
        }
        while (first.IsCompleted);
        await Task.WhenAll(others.Prepend(first));
        Assert.InRange(others.Distinct().Count(), 1, 49);
        Assert.Equal(51u, NewFile().Read(out _)?.LastId);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("{ \"lastId\": null }")]
    [InlineData("{ \"lastId\": \"many\" }")]
    public async Task What_can_not_be_understood_is_put_aside_and_told(string text)
    {
        File.WriteAllText(_folder.PathOf("file.json"), text);
        var file = NewFile();
        Assert.Null(file.Read(out var problem));
        Assert.StartsWith($"{_folder.PathOf("file.json")} is kept as file.json.broken, it can't be understood: ", problem);
        Assert.Equal(text, File.ReadAllText(_folder.PathOf("file.json.broken")));
        await file.WriteAsync(new KeptAttachments(7));
        Assert.Equal(7u, NewFile().Read(out _)?.LastId);
    }

    [Fact]
    public void What_can_not_be_put_aside_either_is_told_and_stops_nobody()
    {
        File.WriteAllText(_folder.PathOf("file.json"), "{");
        Directory.CreateDirectory(_folder.PathOf("file.json.broken"));
        Assert.Null(NewFile().Read(out var problem));
        Assert.Contains("can't be put aside", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_that_fails_says_so_and_the_next_one_is_tried()
    {
        var file = NewFile();
        Directory.CreateDirectory(_folder.PathOf("file.json.new"));
        var error = await Record.ExceptionAsync(() => file.WriteAsync(new KeptAttachments(1)));
        Assert.True(error is IOException or UnauthorizedAccessException, error?.ToString());
        Directory.Delete(_folder.PathOf("file.json.new"));
        await file.WriteAsync(new KeptAttachments(2));
        Assert.Equal(2u, NewFile().Read(out _)?.LastId);
    }

    private StateFile<KeptAttachments> NewFile() => new(_folder, "file.json");
}
