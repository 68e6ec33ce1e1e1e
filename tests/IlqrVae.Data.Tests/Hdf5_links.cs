namespace IlqrVae.Data.Tests;

/// <summary>Links between groups and tables as h5py makes them, in files of both of its layouts (Files/make_tables.py).</summary>
public sealed class Hdf5_links
{
    public static TheoryData<string> Files => ["links_earliest.h5", "links_latest.h5"];

    [Theory]
    [MemberData(nameof(Files))]
    public void Links_within_the_file_are_followed(string file)
    {
        using var folder = new TestFolder();
        using var archive = Hdf5Archive.Open(Hdf5_tables.Unpack(file, folder));
        foreach (var path in new[] { "group/table", "group/soft", "group/softer", "hard", "alias/table", "alias/softer", "./group/./soft" })
        {
            Assert.Equal([0, 1, 2, 3, 4, 5], archive.ReadDoubles(path, 2, 3).Values);
        }

        Assert.Equal("alias group hard many plain", string.Join(' ', archive.Children("/").Where(name => name is not "long")));
        Assert.Contains("nowhere", archive.Children("group"), StringComparer.Ordinal);
        Assert.False(archive.Contains("group/nowhere"));
        Assert.False(archive.Contains("group/table/further"));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Many_names_and_names_that_are_not_ASCII_are_found(string file)
    {
        using var folder = new TestFolder();
        using var archive = Hdf5Archive.Open(Hdf5_tables.Unpack(file, folder));
        Assert.Equal(Enumerable.Range(0, 300).Select(i => $"größe {i}").Order(StringComparer.Ordinal).ToList(), archive.Children("many"));
        for (var i = 0; i < 300; i += 7)
        {
            Assert.Equal(i, Assert.Single(archive.ReadDoubles($"many/größe {i}").Values));
        }

        Assert.Equal([0, 1, 2, 3], archive.ReadDoubles("plain/Motorkortex-ä/values").Values);
    }

    [Fact]
    public void Names_too_many_for_one_level_of_their_heap_are_found()
    {
        using var folder = new TestFolder();
        using var archive = Hdf5Archive.Open(Hdf5_tables.Unpack("links_latest.h5", folder));
        Assert.Equal(Enumerable.Range(0, 3000).Select(i => $"{i:0000}{new string('x', 200)}").ToList(), archive.Children("long"));
        Assert.True(archive.ContainsTable($"long/2999{new string('x', 200)}"));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Links_in_circles_and_into_other_files_are_refused(string file)
    {
        using var folder = new TestFolder();
        using var archive = Hdf5Archive.Open(Hdf5_tables.Unpack(file, folder));
        foreach (var path in new[] { "group/self", "group/rooted self", "group/one", "group/other", "alias/one" })
        {
            Faults.Message(() => archive.Contains(path), file, $"'/{path}'", "leads to itself");
        }

        Faults.Message(() => archive.Children("group/around"), file, "'/group/around'", "link back");
        Faults.Message(() => archive.Contains("group/root/group"), file, "'/group/root/group'", "link back");
        Faults.Message(() => archive.ReadDoubles("group/elsewhere"), file, "'/group/elsewhere'", "'other.h5'", "not followed");
    }

    [Theory]
    [InlineData('.')]
    [InlineData('/')]
    public void A_link_whose_name_would_lead_from_a_group_to_itself_is_refused(char name)
    {
        using var folder = new TestFolder();
        var archive = new Hdf5Archive();
        archive.Add("Q/table", [1.0, 2.0], 2);
        archive.Save(folder["a.h5"], withChecksum: true);
        var bytes = File.ReadAllBytes(folder["a.h5"]);
        Assert.Equal(1, bytes.Count(one => one == (byte)'Q'));
        bytes[Array.IndexOf(bytes, (byte)'Q')] = (byte)name;
        File.WriteAllBytes(folder["a.h5"], bytes);
        using var reader = Hdf5Archive.Open(folder["a.h5"]);
        Faults.Message(() => reader.Children("/"), "a.h5", "which is no name");
        Faults.Message(() => reader.VerifyChecksum(), "a.h5");
    }

    /// <summary>Its length would be read from wherever it says it is kept, and a gigabyte made room for.</summary>
    [Fact]
    public void A_link_that_says_it_is_kept_elsewhere_is_refused()
    {
        using var folder = new TestFolder();
        var archive = new Hdf5Archive();
        archive.Add("Q/table", [1.0, 2.0], 2);
        archive.Save(folder["a.h5"]);
        var bytes = File.ReadAllBytes(folder["a.h5"]);

        // Before the name: its length, four bytes, and its character set, the link's flags and version, and the flags of the message.
        var flags = Array.IndexOf(bytes, (byte)'Q') - 8;
        Assert.Equal([0, 1], bytes[flags..(flags + 2)]);
        bytes[flags] = 2;
        File.WriteAllBytes(folder["a.h5"], bytes);
        using var reader = Hdf5Archive.Open(folder["a.h5"]);
        Faults.Message(() => reader.HasAttribute("/", "a"), "a.h5", "kept elsewhere");
    }

    /// <summary>What follows would be taken for texts, of any length.</summary>
    [Fact]
    public void A_heap_of_texts_that_is_shorter_than_its_header_is_refused()
    {
        using var folder = new TestFolder();
        var archive = new Hdf5Archive();
        archive.Add("names", ["one", "two"], 2);
        archive.Save(folder["a.h5"]);
        var bytes = File.ReadAllBytes(folder["a.h5"]);
        bytes.AsSpan(bytes.AsSpan().IndexOf("GCOL"u8) + 8, 8).Clear();
        File.WriteAllBytes(folder["a.h5"], bytes);
        using var reader = Hdf5Archive.Open(folder["a.h5"]);
        Faults.Message(() => reader.ReadStrings("names"), "a.h5", "shorter than its header");
    }

    [Fact]
    public void A_MATLAB_file_whose_groups_lead_back_or_without_end_is_refused()
    {
        using var folder = new TestFolder();
        Faults.Message(() => MatFile.Read(Matlab("links_earliest.h5", folder)), "a.mat", "link");
        Faults.Message(() => MatFile.Read(Matlab("diamonds.h5", folder)), "a.mat", "more than 10000");
    }

    /// <summary>The file with the header of MATLAB in front.</summary>
    private static string Matlab(string file, TestFolder folder)
    {
        var header = new byte[512];
        System.Text.Encoding.ASCII.GetBytes("MATLAB 7.3 MAT-file".PadRight(124)).CopyTo(header, 0);
        (header[125], header[126], header[127]) = (2, (byte)'I', (byte)'M');
        File.WriteAllBytes(folder["a.mat"], [.. header, .. File.ReadAllBytes(Hdf5_tables.Unpack(file, folder))]);
        return folder["a.mat"];
    }
}
