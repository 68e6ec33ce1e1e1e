namespace IlqrVae.Cli.Tests;

/// <summary>The version of a build: of the tag of its commit, else on the way to the next, with git or without.</summary>
[Collection("dotnet")]
public sealed class Versions : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ilqr-vae-version-").FullName;

    public Versions()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "packaging"));
        File.Copy(Path.Combine(Repository.Root, "packaging", "Version.targets"), Path.Combine(_folder, "packaging", "Version.targets"));
        File.WriteAllText(Path.Combine(_folder, "CHANGELOG.md"), "# Changelog\n\n## Unreleased\n\n- to come; with (a $(word)) and 100 %\n\n## 0.2.0 - a day\n\n- done\n\n## 0.1.0\n\n- first\n");
        File.WriteAllText(Path.Combine(_folder, "one.proj"), """
            <Project>
              <PropertyGroup><VersionPrefix>0.2.0</VersionPrefix><VersionIsGiven Condition="'$(Version)' != ''">true</VersionIsGiven></PropertyGroup>
              <Import Project="packaging/Version.targets" />
            </Project>
            """);
    }

    public void Dispose()
    {
        // Objects of git cannot be written to, which keeps them from being deleted on some systems.
        foreach (var file in Directory.GetFiles(_folder, "*", SearchOption.AllDirectories))
        {
            File.SetAttributes(file, FileAttributes.Normal);
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_version_is_that_of_the_tag_or_on_the_way_to_the_next()
    {
        // An archive of the sources.
        Assert.Equal("0.2.0-dev", Version());

        // A clone without tags.
        Git("init", "-q");
        Commit();
        Assert.Equal("0.2.0-dev", Version());

        // Tags that are no versions are none.
        Git("tag", "volume-1");
        Git("tag", "v1-of-a-figure");
        Assert.Equal("0.2.0-dev", Version());

        Git("tag", "v0.1.0");
        Assert.Equal("0.1.0", Version());
        Commit();
        Commit();
        Assert.Equal("0.2.0-dev.2", Version());

        Git("tag", "v0.2.0-rc.1");
        Assert.Equal("0.2.0-rc.1", Version());

        // What is said wins.
        Assert.Equal("3.0.0", Version("-p:Version=3.0.0"));
    }

    [Fact]
    public void Notes_are_those_of_the_version_or_of_what_is_to_come()
    {
        Assert.Equal("- done", Notes("-p:Version=0.2.0"));
        Assert.Equal("- first", Notes("-p:Version=0.1.0"));
        Assert.Equal("- to come; with (a $(word)) and 100 %", Notes());
    }

    [Fact]
    public void The_program_says_which_build_it_is()
    {
        using var line = new CommandLine();
        Assert.Matches(@"^\d+\.\d+\.\d+\S*\nframework-dependent; \.NET 10\S*, \S+-\S+, (no vectors|vectors of (128|256|512) bits)\n$", line.Must("--version").ReplaceLineEndings("\n"));
    }

    private void Commit() => Git("-c", "user.name=someone", "-c", "user.email=someone@example.org", "commit", "-q", "--allow-empty", "-m", "something");

    private void Git(params string[] arguments)
    {
        var (code, output) = Repository.Run("git", _folder, arguments);
        Assert.True(code == 0, output);
    }

    private string Version(params string[] arguments) => Repository.Dotnet(_folder, ["msbuild", "one.proj", "-t:VersionOfTag", "-getProperty:Version", "-nologo", .. arguments]).Trim();

    private string Notes(params string[] arguments) => Repository.Dotnet(_folder, ["msbuild", "one.proj", "-t:NotesOfVersion", "-getProperty:PackageReleaseNotes", "-nologo", .. arguments]).Trim();
}
