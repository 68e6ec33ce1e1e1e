namespace IlqrVae.Data.Tests;

public sealed class Atomic_files
{
    [Fact]
    public void A_failed_write_leaves_the_old_file_and_nothing_else()
    {
        using var folder = new TestFolder();
        AtomicFile.WriteText(folder["a.txt"], "old");
        var failure = Assert.Throws<IOException>(() => AtomicFile.Write(folder["a.txt"], stream =>
        {
            stream.Write(new byte[1_000_000]);
            throw new IOException("No space left on device");
        }));
        Assert.Equal("No space left on device", failure.Message);
        Assert.Equal("old", File.ReadAllText(folder["a.txt"]));
        Assert.Equal([folder["a.txt"]], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_write_replaces_the_old_file()
    {
        using var folder = new TestFolder();
        AtomicFile.WriteText(folder["a.txt"], "old and longer");
        AtomicFile.WriteText(folder["a.txt"], "é");
        Assert.Equal([0xc3, 0xa9], File.ReadAllBytes(folder["a.txt"]));
        Assert.Equal([folder["a.txt"]], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_link_keeps_pointing_at_its_target()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        using var folder = new TestFolder();
        File.WriteAllText(folder["target"], "old");
        File.CreateSymbolicLink(folder["link"], folder["target"]);
        AtomicFile.WriteText(folder["link"], "new");
        Assert.Equal("new", File.ReadAllText(folder["target"]));
        Assert.NotNull(new FileInfo(folder["link"]).LinkTarget);
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_the_users_fault()
    {
        using var folder = new TestFolder();
        Faults.Message(() => AtomicFile.WriteText(folder["none/a.txt"], ""), "a.txt", "folder");
        Faults.Message(() => AtomicFile.WriteText(folder.Path, ""), folder.Path, "folder");
        Faults.Message(() => AtomicFile.WriteText("", ""), "name");
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there are no such devices");
        Faults.Message(() => AtomicFile.WriteText("/dev/null", ""), "/dev/null", "device");
    }
}
