using IlqrVae.Data.Import;

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
        Faults.Message(() => AtomicFile.WriteText("/dev/ilqr-vae-none", ""), "/dev/ilqr-vae-none", "device");
        File.CreateSymbolicLink(folder["null"], "/dev/null");
        Faults.Message(() => AtomicFile.WriteText(folder["null"], ""), "null", "device");
        File.CreateSymbolicLink(folder["self"], folder["self"]);
        Faults.Message(() => AtomicFile.WriteText(folder["self"], ""), "self", "itself");
    }

    [Fact]
    public void A_pipe_is_neither_replaced_nor_waited_for()
    {
        using var folder = new TestFolder();
        var pipe = Pipe(folder);
        File.CreateSymbolicLink(folder["link"], pipe);
        foreach (var path in new[] { pipe, folder["link"] })
        {
            Faults.Message(() => AtomicFile.WriteText(path, ""), path, "pipe");
            Faults.Message(() => InputFile.Open(path), path, "pipe");
            Faults.Message(() => InputFile.ReadText(path, 100, "a configuration"), path, "pipe");
            Faults.Message(() => Hdf5Archive.Open(path), path, "pipe");
            Faults.Message(() => MatFile.Read(path), path, "pipe");
            Faults.Message(() => RecordingFile.Read(path), path, "pipe");
            Faults.Message(() => RecordingImporters.Import(path), path, "pipe");
        }

        Assert.False(File.Exists(folder["link"] + ".tmp"));
        Faults.Message(() => InputFile.Open("/dev/null"), "/dev/null", "device");
    }

    [Fact]
    public void A_file_in_memory_is_a_file()
    {
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "there is no such folder here");
        var path = Path.Combine("/dev/shm", $"ilqr-vae-{Guid.NewGuid():N}.txt");
        try
        {
            AtomicFile.WriteText(path, "x");
            Assert.Equal("x", InputFile.ReadText(path, 100, "a test"));
            using var folder = new TestFolder();
            File.CreateSymbolicLink(folder["link"], path);
            AtomicFile.WriteText(folder["link"], "y");
            Assert.Equal("y", InputFile.ReadText(path, 100, "a test"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_text_that_is_too_long_is_refused()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["a.txt"], "1234");
        Assert.Equal("1234", InputFile.ReadText(folder["a.txt"], 4, "a configuration"));
        Faults.Message(() => InputFile.ReadText(folder["a.txt"], 3, "a configuration"), "a.txt", "4 bytes", "a configuration", "at most 3");
    }

    [Fact]
    public void What_a_killed_process_left_unfinished_is_removed_and_nothing_else()
    {
        using var folder = new TestFolder();
        var left = folder[$".a.txt.{Guid.NewGuid():N}.tmp"];
        var written = folder[$".a.txt.{Guid.NewGuid():N}.tmp"];
        string[] others = [folder[$".b.txt.{Guid.NewGuid():N}.tmp"], folder[".a.txt.tmp"], folder[".a.txt.0123.tmp"], folder[$".a.txt.{new string('g', 32)}.tmp"]];
        foreach (var file in others.Append(left))
        {
            File.WriteAllText(file, "unfinished");
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddSeconds(-10));
        }

        var fresh = folder[$".a.txt.{Guid.NewGuid():N}.tmp"];
        File.WriteAllText(fresh, "just begun");

        using (var stream = new FileStream(written, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None))
        {
            File.SetLastWriteTimeUtc(written, DateTime.UtcNow.AddSeconds(-10));
            AtomicFile.WriteText(folder["a.txt"], "new");
            Assert.True(File.Exists(written));
        }

        Assert.False(File.Exists(left));
        Assert.All(others.Append(fresh), file => Assert.True(File.Exists(file)));
        AtomicFile.WriteText(folder["a.txt"], "newer");
        Assert.False(File.Exists(written));
        Assert.Equal("newer", File.ReadAllText(folder["a.txt"]));
    }

    [Fact]
    public void Two_writers_of_one_file_do_not_take_each_others_work_for_left_behind()
    {
        using var folder = new TestFolder();
        Parallel.For(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i => AtomicFile.WriteText(folder["a.txt"], $"{i}"));
        Assert.InRange(int.Parse(File.ReadAllText(folder["a.txt"]), System.Globalization.CultureInfo.InvariantCulture), 0, 399);
        Assert.Equal([folder["a.txt"]], Directory.GetFileSystemEntries(folder.Path));
    }

    private static string Pipe(TestFolder folder)
    {
        try
        {
            using var process = System.Diagnostics.Process.Start("mkfifo", folder["pipe"]);
            process.WaitForExit();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("mkfifo is not installed");
        }

        return folder["pipe"];
    }
}
