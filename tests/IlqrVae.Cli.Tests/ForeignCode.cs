using System.Diagnostics;
using System.Runtime.Versioning;

namespace IlqrVae.Cli.Tests;

/// <summary>Code that a file names runs only where the user has agreed. Every command is a process of its own, with settings of its own user.</summary>
public sealed class ForeignCode : IDisposable
{
    private readonly CommandLine _line = new();

    public ForeignCode()
    {
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Foreign")))
        {
            File.Copy(file, _line[Path.GetFileName(file)]);
        }

        _line.Must("simulate", "lorenz", "--trials", "8", "--bins", "12", "-o", "@/data.h5");
        _line.Write("config.yaml", "data: data.h5\nextensions: [Foreign.dll]\nmodel: {dynamics: {kind: marked}}\ntraining: {iterations: 2, threads: 1}\n");
    }

    private string Mark => _line["mark"];

    public void Dispose() => _line.Dispose();

    /// <summary>Every command that reads a model, a checkpoint or a run.</summary>
    private static readonly string[] s_readers =
    [
        "infer run --data data.h5 -o out.h5",
        "evaluate run --data data.h5",
        "inspect run",
        "inspect run/model.h5",
        "report run",
        "plot run eigenvalues -o out.png",
        "compare run run",
        "calibrate run --data data.h5",
        "config check run",
        "config check run/config.yaml",
        "train run --resume --iterations 3",
        "train run/config.yaml -o out --iterations 3",
        "train --like run -o out",
        "train plain.yaml --from run -o out",
        "train plain.yaml -o run --resume",
    ];

    [Fact]
    public void A_model_of_somebody_else_runs_nothing()
    {
        Train("theirs");
        _line.Write("plain.yaml", "data: data.h5\ntraining: {iterations: 2}\n");
        foreach (var command in s_readers)
        {
            var (code, output) = Run("mine", command);
            Assert.True(code == 2, $"{command}: {code}\n{output}");
            Assert.Contains("Foreign.dll (SHA-256 ", output, StringComparison.Ordinal);
            Assert.Contains("config trust", output, StringComparison.Ordinal);
            Assert.False(File.Exists(Mark), command);
        }

        Assert.False(Directory.Exists(_line["mine"]));

        // A folder is not a configuration by name, whatever else is in it.
        File.Delete(_line["run/model.h5"]);
        Assert.Contains("checkpoint.h5: '/configuration': its extension", Run("mine", "train plain.yaml -o run --resume").Output, StringComparison.Ordinal);
        File.Delete(_line["run/checkpoint.h5"]);
        File.Delete(_line["run/checkpoint-before.h5"]);
        Assert.Equal(2, Run("mine", "config check run").Code);
        Assert.False(File.Exists(Mark));
    }

    [Fact]
    public void Who_trained_reads_without_being_asked()
    {
        Train("mine");
        Assert.True(File.Exists(Mark));
        foreach (var command in (string[])["inspect run/model.h5", "infer run --data data.h5 -o out.h5", "train run --resume --iterations 3 --no-report"])
        {
            var (code, output) = Run("mine", command);
            Assert.True(code == 0, $"{command}\n{output}");
            Assert.DoesNotContain("SHA-256", output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Foreign.dll")]
    [InlineData("ForeignHelper.dll")]
    public void An_assembly_that_was_changed_is_another(string file)
    {
        Train("mine");
        File.Delete(Mark);
        var bytes = File.ReadAllBytes(_line[file]);
        bytes[^1] ^= 1;
        File.WriteAllBytes(_line[file], bytes);
        var (code, output) = Run("mine", "inspect run/model.h5");
        Assert.Equal(2, code);
        Assert.Contains($"{file} (SHA-256 ", output, StringComparison.Ordinal);
        Assert.False(File.Exists(Mark));
    }

    /// <summary>A name that would move the cursor or turn the writing round is shown without that.</summary>
    [Fact]
    public void Names_of_assemblies_do_nothing_to_the_terminal()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no files of such names.");
        const string Name = "\u001b[2J\u202e.dll";
        File.Copy(_line["Foreign.dll"], _line[Name]);
        Directory.CreateDirectory(_line["given"]);
        _line.Write("given/config.yaml", "data: ../data.h5\nextensions: [\"../\\e[2J\\u202e.dll\"]\n");
        var (code, output) = Run("mine", "config check given");
        Assert.Equal(2, code);
        Assert.Contains("(SHA-256 ", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', output);
        Assert.DoesNotContain('\u202e', output);
        Assert.False(File.Exists(Mark));
    }

    /// <summary>Of Windows, which asks another machine for \\machine\file and tells it who asks; the words are looked at everywhere.</summary>
    [Theory]
    [InlineData("//nowhere.invalid/share/Foreign.dll")]
    [InlineData("\\\\nowhere.invalid\\share\\Foreign.dll")]
    [InlineData("\\/nowhere.invalid/share/Foreign.dll")]
    public void No_other_machine_is_asked_for_an_assembly(string path)
    {
        Directory.CreateDirectory(_line["given"]);
        _line.Write("given/config.yaml", $"data: ../data.h5\nextensions: ['{path}']\n");
        var (code, output) = Run("mine", "config check given");
        Assert.Equal(2, code);
        Assert.Contains($"its extension {path} lies on another machine", output, StringComparison.Ordinal);

        // Whoever names it means it: that it is not there is another matter.
        _line.Write("own.yaml", $"data: data.h5\nextensions: ['{path}']\n");
        Assert.Contains("is not there", Run("mine", "config check own.yaml").Output, StringComparison.Ordinal);
        Assert.Contains("is not there", Run("mine", "config check given", ("ILQR_VAE_TRUST_EXTENSIONS", "1")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_user_allows_one_for_once_or_for_good()
    {
        Train("theirs");
        File.Delete(Mark);
        Assert.Equal(0, Run("mine", "infer run --data data.h5 -o once.h5", ("ILQR_VAE_TRUST_EXTENSIONS", "1")).Code);
        Assert.True(File.Exists(Mark));
        Assert.Equal(2, Run("mine", "inspect run/model.h5", ("ILQR_VAE_TRUST_EXTENSIONS", "0")).Code);
        Assert.Equal(2, Run("mine", "inspect run/model.h5").Code);
        File.Delete(Mark);
        Assert.Equal(0, Run("mine", "config trust Foreign.dll").Code);
        Assert.False(File.Exists(Mark));
        Assert.Equal(0, Run("mine", "inspect run/model.h5").Code);
        Assert.Equal(2, Run("mine", "config trust data.h5").Code);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void What_is_remembered_is_the_users_own()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has other permissions.");
            return;
        }

        Train("mine");
        var folder = Path.Combine(_line["mine"], "ilqr-vae", "trusted-extensions");
        Assert.Equal(2, Directory.GetFiles(folder).Length);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
        foreach (var file in Directory.GetFiles(folder))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }

        // Their content says nothing; what others can write into is not believed.
        Assert.All(Directory.GetFiles(folder), file => File.WriteAllBytes(file, [0, 255, 10]));
        Assert.Equal(0, Run("mine", "inspect run/model.h5").Code);
        File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherWrite);
        Assert.Equal(2, Run("mine", "inspect run/model.h5").Code);
    }

    [Fact]
    public void Without_a_place_to_remember_training_goes_on()
    {
        _line.Write("mine", "no folder");
        Train("mine");
        Assert.Equal(2, Run("mine", "inspect run/model.h5").Code);
        Assert.Equal(1, Run("mine", "config trust Foreign.dll").Code);

        // A relative folder would be the current one's.
        Assert.Equal(2, Run("mine", "inspect run/model.h5", ("XDG_CONFIG_HOME", "relative"), ("HOME", "relative")).Code);
    }

    [Fact]
    public async Task Several_remember_at_once()
    {
        var codes = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => Run("mine", "config trust Foreign.dll").Code, TestContext.Current.CancellationToken)));
        Assert.All(codes, code => Assert.Equal(0, code));
        Assert.Equal(2, Directory.GetFiles(Path.Combine(_line["mine"], "ilqr-vae", "trusted-extensions")).Length);
    }

    private void Train(string user)
    {
        var (code, output) = Run(user, "train config.yaml -o run");
        Assert.True(code == 0, output);
        if (user != "mine")
        {
            File.Delete(Mark);
        }
    }

    private (int Code, string Output) Run(string user, string command, params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "ilqr-vae.dll"), .. command.Split(' ')])
        {
            WorkingDirectory = _line.Folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in (IEnumerable<(string, string)>)[("XDG_CONFIG_HOME", _line[user]), ("APPDATA", _line[user]), ("HOME", _line[user]), ("FOREIGN_MARK", Mark), .. variables])
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(60_000), command);
        return (process.ExitCode, output + error.GetAwaiter().GetResult());
    }
}
