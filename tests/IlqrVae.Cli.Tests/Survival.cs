using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using IlqrVae.Runs.Files;

namespace IlqrVae.Cli.Tests;

/// <summary>What ends a training, fills its disk or damages its files: what was complete stays, is gone on from with the same bits, and what is damaged is said.</summary>
public sealed class Survival
{
    private const string Configuration =
        """
        data: data.h5
        model: {states: 3, inputs: 1}
        training: {iterations: 60, batch: 4, schedule: constant, validation-interval: 5, checkpoint-interval: 1}
        """;

    /// <summary>How many processes are killed; more with the environment variable, for once in a while.</summary>
    private static int Kills => int.Parse(Environment.GetEnvironmentVariable("ILQR_VAE_KILLS") ?? "6", CultureInfo.InvariantCulture);

    [Fact]
    public async Task A_training_that_is_killed_at_any_moment_goes_on_with_the_same_bits()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "kill -9 of another system");
        using var line = Prepared();
        line.Write("config.yaml", Configuration.Replace("iterations: 60", "iterations: 300", StringComparison.Ordinal));
        var clock = Stopwatch.StartNew();
        using (var whole = Start(["train", line["config.yaml"], "-o", line["whole"], "--no-report"]))
        {
            await whole.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, whole.ExitCode);
        }

        var milliseconds = (int)clock.ElapsedMilliseconds;
        var (random, finished, goesOn) = (new Random(1), 0, 0);
        for (var killed = 0; killed < Kills;)
        {
            var isThere = new RunFolder(line["killed"]).HoldsCheckpoint;
            using var training = Start(isThere ? ["train", line["killed"], "--resume", "--no-report"] : ["train", line["config.yaml"], "-o", line["killed"], "--force", "--no-report"]);
            var error = training.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(random.Next(milliseconds / 4, milliseconds));
            try
            {
                await training.WaitForExitAsync(limit.Token);
                Assert.True(training.ExitCode == 0, await error);
                AssertSameBits(line, "killed");
                Directory.Delete(line["killed"], recursive: true);
                finished++;
            }
            catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
            {
                training.Kill();
                await training.WaitForExitAsync(TestContext.Current.CancellationToken);
                killed++;
                goesOn += isThere ? 1 : 0;
            }
        }

        if (new RunFolder(line["killed"]).HoldsCheckpoint)
        {
            line.Must("train", "@/killed", "--resume");
            AssertSameBits(line, "killed");
        }

        Assert.True(goesOn > Kills / 4, $"{goesOn} of {Kills}");
        TestContext.Current.SendDiagnosticMessage($"{Kills} killed, {goesOn} of them after going on, {finished} finished in between");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(16)]
    [InlineData(36)]
    [InlineData(44)]
    [InlineData(60)]
    public void A_full_disk_leaves_what_was_complete(int kilobytes)
    {
        RequireDisks();
        using var line = Prepared();
        line.Must("train", "@/config.yaml", "-o", "@/whole");
        Assert.Equal(130, line.Run("train", "@/config.yaml", "-o", "@/part", "--stop-after", "7").ExitCode);
        var (model, checkpoint) = (File.ReadAllBytes(line["part/model.h5"]), File.ReadAllBytes(line["part/checkpoint.h5"]));
        Directory.CreateDirectory(line["disk"]);
        var used = Directory.GetFiles(line["part"]).Sum(file => (new FileInfo(file).Length + 4095) / 4096 * 4);

        // The run is copied to a disk with so much room left, trained there, and copied back.
        var (code, error) = Shell(line, $"""
            sed -i 's|data: .*|data: ../../data.h5|' part/config.yaml
            mount -t tmpfs -o size={used + kilobytes}k none disk && mkdir disk/run && cp part/* disk/run/ || exit 77
            dotnet "{Program}" train disk/run --resume --no-report
            code=$?
            ls -A disk/run > left.txt
            cp -r disk/run after || exit 78
            exit $code
            """);
        Assert.SkipWhen(code == 77, error);
        Assert.True(code is 0 or 1, $"{code}: {error}");
        if (code == 1)
        {
            Assert.Contains("disk is full", error, StringComparison.Ordinal);
            Assert.DoesNotContain("unexpected", error, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(".tmp", File.ReadAllText(line["left.txt"]), StringComparison.Ordinal);
        ModelFile.Read(line["after/model.h5"]);
        CheckpointFile.ReadOrigin(line["after/checkpoint.h5"]);
        if (kilobytes <= 4)
        {
            Assert.Equal(1, code);
            Assert.Equal(model, File.ReadAllBytes(line["after/model.h5"]));
            Assert.Equal(checkpoint, File.ReadAllBytes(line["after/checkpoint.h5"]));
        }

        // With room again, the rest is as if nothing had happened.
        Directory.Delete(line["part"], recursive: true);
        Directory.Move(line["after"], line["part"]);
        File.WriteAllText(line["part/config.yaml"], File.ReadAllText(line["part/config.yaml"]).Replace("../../data.h5", "../data.h5", StringComparison.Ordinal));
        line.Must("train", "@/part", "--resume");
        AssertSameBits(line, "part");
    }

    [Theory]
    [InlineData("simulate lorenz -o disk/data.h5 --trials 40 --bins 60", "disk/data.h5")]
    [InlineData("infer part --data data.h5 -o disk/data.h5 --force", "disk/data.h5")]
    [InlineData("export data.h5 -o disk/data.npz --force", "disk/data.npz")]
    public void A_result_on_a_full_disk_is_not_there_and_what_was_there_is(string command, string file)
    {
        RequireDisks();
        using var line = Prepared();
        Assert.Equal(130, line.Run("train", "@/config.yaml", "-o", "@/part", "--stop-after", "2").ExitCode);
        Directory.CreateDirectory(line["disk"]);
        var (code, error) = Shell(line, $"""
            mount -t tmpfs -o size=8k none disk && echo before > {file} || exit 77
            dotnet "{Program}" {command} --force
            code=$?
            ls -A disk > left.txt; cat {file} >> left.txt
            exit $code
            """);
        Assert.SkipWhen(code == 77, error);
        Assert.True(code == 1, $"{code}: {error}");
        Assert.Contains($"the disk is full", error, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(file), error, StringComparison.Ordinal);
        Assert.Equal($"{Path.GetFileName(file)}\nbefore\n", File.ReadAllText(line["left.txt"]));
    }

    /// <summary>On a file system that nobody can write to, not even root: what is there can be read, and what would be written there is refused in a line.</summary>
    [Fact]
    public void From_a_read_only_folder_all_can_be_read_and_nothing_is_begun()
    {
        RequireDisks();
        using var line = Prepared();
        using var other = new CommandLine();
        Assert.Equal(130, line.Run("train", "@/config.yaml", "-o", "@/part", "--stop-after", "3").ExitCode);
        var before = line.Contents();
        var (code, output) = Shell(line, $$"""
            here=$(pwd); mount --bind "$here" "$here" && mount -o remount,ro,bind "$here" && cd / && cd "$here" || exit 77
            touch x 2>/dev/null && exit 77
            dotnet "{{Program}}" infer part --data data.h5 -o "{{other["posterior.h5"]}}" -q || exit 70
            dotnet "{{Program}}" evaluate part --data data.h5 -q || exit 71
            say() { dotnet "{{Program}}" "$@" 2>&1; echo "code $?"; }
            say train part --resume --no-report
            say train config.yaml -o new --no-report
            say infer part --data data.h5 -o posterior.h5
            say simulate lorenz -o other.h5
            say export data.h5 -o data.npz
            say report part
            """);
        Assert.SkipWhen(code == 77, output);
        Assert.True(code == 0, $"{code}: {output}");
        Assert.True(File.Exists(other["posterior.h5"]));
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).SkipWhile(text => !text.Contains("read-only", StringComparison.Ordinal) && !text.StartsWith("code", StringComparison.Ordinal)).ToList();
        Assert.Equal(12, lines.Count);
        foreach (var (said, ended) in lines.Chunk(2).Select(pair => (pair[0], pair[1])))
        {
            Assert.True(ended == "code 2" && (said.Contains("read-only", StringComparison.OrdinalIgnoreCase) || said.Contains("cannot be made", StringComparison.Ordinal)), $"{said}: {ended}");
        }

        Assert.Equal(before, line.Contents());
    }

    /// <summary>
    /// File systems rename differently: a run in the upper layer of an overlay over a run below, on another device behind a link, and a destination that is a mount of its own, over which nothing can be renamed.
    /// </summary>
    [Fact]
    public void Where_files_are_renamed_by_other_rules_they_are_whole_too()
    {
        RequireDisks();
        using var line = Prepared();
        line.Must("train", "@/config.yaml", "-o", "@/whole");
        Assert.Equal(130, line.Run("train", "@/config.yaml", "-o", "@/part", "--stop-after", "7").ExitCode);
        var (code, output) = Shell(line, $"""
            mkdir disk work seen && mount -t tmpfs none disk && mkdir disk/upper disk/work disk/run && cp part/* disk/run/ || exit 77
            ln -s disk/run linked
            dotnet "{Program}" train linked --resume --no-report -q || exit 70
            cp -r disk/run linked-after
            if mount -t overlay overlay -o lowerdir=part,upperdir=disk/upper,workdir=disk/work seen; then
                cd seen && sed -i 's|data: .*|data: ../data.h5|' config.yaml && cd ..
                dotnet "{Program}" train seen --resume --no-report -q || exit 71
                cp -r seen overlay-after
            fi
            echo before > disk/file && touch mounted.h5 && mount --bind disk/file mounted.h5 || exit 77
            dotnet "{Program}" infer whole --data data.h5 -o mounted.h5 --force -q; echo "code $?"
            cat mounted.h5; ls -A | grep tmp; true
            """);
        Assert.SkipWhen(code == 77, output);
        Assert.True(code == 0, $"{code}: {output}");
        AssertSameBits(line, "linked-after");
        if (Directory.Exists(line["overlay-after"]))
        {
            AssertSameBits(line, "overlay-after");
        }

        Assert.Contains("mounted.h5", output, StringComparison.Ordinal);
        Assert.EndsWith("code 1\nbefore\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("unexpected", output, StringComparison.Ordinal);
        TestContext.Current.SendDiagnosticMessage(Directory.Exists(line["overlay-after"]) ? "an overlay was tried" : "no overlay could be mounted");
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("flipped")]
    [InlineData("empty")]
    [InlineData("missing")]
    public void In_place_of_a_damaged_checkpoint_the_one_before_is_taken_and_that_is_said(string damage)
    {
        using var line = Prepared();
        line.Must("train", "@/config.yaml", "-o", "@/whole");
        Assert.Equal(130, line.Run("train", "@/config.yaml", "-o", "@/part", "--stop-after", "9").ExitCode);
        Damage(line["part/checkpoint.h5"], damage);
        var outcome = line.Run("train", "@/part", "--resume", "--stop-after", "3");
        Assert.Equal(130, outcome.ExitCode);
        Assert.Contains("checkpoint.h5", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("goes on from the checkpoint before it", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("goes on from the checkpoint before it", File.ReadAllText(line["part/log.txt"]), StringComparison.Ordinal);
        Assert.Contains("resumed at iteration 8", File.ReadAllText(line["part/log.txt"]), StringComparison.Ordinal);
        Assert.Equal(11, HistoryFile.Read(line["part/history.csv"])["iteration"][^1]);
        Assert.Equal(damage != "missing", File.Exists(line["part/checkpoint-damaged.h5"]));
        outcome = line.Run("train", "@/part", "--resume");
        Assert.Equal(0, outcome.ExitCode);
        Assert.DoesNotContain("before it", outcome.Error, StringComparison.Ordinal);
        AssertSameBits(line, "part");

        // With both damaged there is nothing to go on from.
        Damage(line["part/checkpoint.h5"], "flipped");
        Damage(line["part/checkpoint-before.h5"], "cut");
        var before = line.Contents();
        outcome = line.Run("train", "@/part", "--resume", "--iterations", "62");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("checkpoint.h5", outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.Trim().Split('\n'));
        Assert.Equal(before, line.Contents());
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("flipped")]
    public void A_damaged_model_is_refused_and_written_anew_from_the_checkpoint(string damage)
    {
        using var line = Prepared();
        line.Must("train", "@/config.yaml", "-o", "@/whole");
        Assert.Equal(130, line.Run("train", "@/config.yaml", "-o", "@/part", "--stop-after", "9").ExitCode);
        Damage(line["part/model.h5"], damage);
        Assert.Equal(2, line.Run("infer", "@/part", "--data", "@/data.h5", "-o", "@/p.h5").ExitCode);
        Assert.False(File.Exists(line["p.h5"]));
        var outcome = line.Run("train", "@/part", "--resume");
        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains("model.h5", outcome.Error, StringComparison.Ordinal);
        AssertSameBits(line, "part");
    }

    [Fact]
    public void One_flipped_bit_anywhere_is_seen_or_changes_nothing()
    {
        using var line = Prepared();
        line.Must("train", "@/config.yaml", "-o", "@/run", "--iterations", "3");
        line.Must("infer", "@/run", "--data", "@/data.h5", "-o", "@/posterior.h5");
        var model = ModelFile.Read(line["run/model.h5"]);
        foreach (var name in (string[])["data.h5", "posterior.h5", "run/model.h5", "run/checkpoint.h5"])
        {
            var bytes = File.ReadAllBytes(line[name]);
            var random = new Random(3);
            for (var i = 0; i < 60; i++)
            {
                // The last 48 bytes are the checksum itself.
                var at = random.Next(bytes.Length - 48);
                var copy = (byte[])bytes.Clone();
                copy[at] ^= (byte)(1 << random.Next(8));
                File.WriteAllBytes(line["flipped.h5"], copy);
                if (name == "run/checkpoint.h5")
                {
                    Refused(() => CheckpointFile.ReadOrigin(line["flipped.h5"]), name, at, isStrict: false);
                }
                else if (name == "run/model.h5")
                {
                    Refused(() => Assert.Equal(model.Raw, ModelFile.Read(line["flipped.h5"]).Raw), name, at, isStrict: false);
                }
                else
                {
                    var outcome = line.Run("inspect", "@/flipped.h5");
                    Assert.True(outcome.ExitCode == 2, $"{name}, byte {at}: {outcome}");
                    Assert.Single(outcome.Error.Trim().Split('\n'));
                }
            }

            for (var i = 0; i < 10; i++)
            {
                File.WriteAllBytes(line["flipped.h5"], bytes[..random.Next(bytes.Length - 48)]);
                var outcome = name == "run/checkpoint.h5" ? null : line.Run("inspect", "@/flipped.h5");
                Assert.True(outcome is null or { ExitCode: 2 }, $"{name}: {outcome}");
                if (outcome is null)
                {
                    Refused(() => CheckpointFile.ReadOrigin(line["flipped.h5"]), name, i, isStrict: true);
                }
            }
        }
    }

    [Fact]
    public void A_history_and_a_configuration_that_were_damaged_do_no_harm()
    {
        using var line = Prepared();
        line.Must("train", "@/config.yaml", "-o", "@/whole");
        Assert.Equal(130, line.Run("train", "@/config.yaml", "-o", "@/part", "--stop-after", "9").ExitCode);
        File.WriteAllText(line["part/history.csv"], File.ReadAllText(line["part/history.csv"])[..^20]);
        File.WriteAllText(line["part/history.jsonl"], File.ReadAllText(line["part/history.jsonl"])[..^20]);
        File.WriteAllText(line["part/origin.json"], File.ReadAllText(line["part/origin.json"])[..40]);
        line.Must("train", "@/part", "--resume");
        Assert.Equal(ModelFile.Read(line["whole/model.h5"]).Raw, ModelFile.Read(line["part/model.h5"]).Raw);
        Assert.Contains("resumed at iteration 9", File.ReadAllText(line["part/log.txt"]), StringComparison.Ordinal);
        var text = File.ReadAllText(line["part/config.yaml"]);
        foreach (var (before, after) in ((string, string)[])[("states: 3", "states: 7"), ("batch: 4", "batch: 5"), ("seed: 1", "seed: 0"), ("batch:", "bbtch:"), ("training:", "training;")])
        {
            File.WriteAllText(line["part/config.yaml"], text.Replace(before, after, StringComparison.Ordinal));
            var outcome = line.Run("train", "@/part", "--resume", "--iterations", "61");
            Assert.True(outcome.ExitCode == 2, $"{after}: {outcome}");
            Assert.Contains("config.yaml", outcome.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("tr-TR")]
    [InlineData("de-DE")]
    public async Task Language_and_time_zone_change_nothing(string culture)
    {
        using var line = Prepared();
        line.Must("train", "@/config.yaml", "-o", "@/whole");
        var name = culture.Replace('-', '_') + ".UTF-8";
        using var training = Start(["train", line["config.yaml"], "-o", line["other"], "--no-report", "--json"], ("LANG", name), ("LC_ALL", name), ("TZ", "Pacific/Kiritimati"));
        var error = training.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var json = JsonNode.Parse(await training.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken))!;
        await training.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(training.ExitCode == 0, await error);
        Assert.InRange(json["seconds"]!.GetValue<double>(), 0.001, 600);
        AssertSameBits(line, "other");
        Assert.Equal(File.ReadAllText(line["whole/config.yaml"]), File.ReadAllText(line["other/config.yaml"]));
        Assert.Equal(HistoryFile.Read(line["whole/history.csv"])["loss"], HistoryFile.Read(line["other/history.csv"])["loss"]);
    }

    /// <summary>The clock is set by hundreds of days, forwards and back, again and again while a process trains, and in the other direction for the one that goes on.</summary>
    [Fact]
    public async Task Setting_the_clock_changes_nothing()
    {
        var library = OperatingSystem.IsLinux() && Directory.Exists("/usr/lib")
            ? Directory.GetDirectories("/usr/lib", "*-linux-gnu").Select(folder => Path.Combine(folder, "faketime", "libfaketime.so.1")).FirstOrDefault(File.Exists)
            : null;
        Assert.SkipWhen(library is null, "clocks are set by libfaketime, which is not here; Debian has it as faketime");
        using var line = Prepared();
        line.Must("train", "@/config.yaml", "-o", "@/whole");
        var clock = line["clock"];
        SetClock("-400d");
        foreach (var arguments in (string[][])[["train", line["config.yaml"], "-o", line["other"], "--no-report", "--json", "--iterations", "31"], ["train", line["other"], "--resume", "--no-report", "--json", "--iterations", "60"]])
        {
            using var training = Start(arguments, ("LD_PRELOAD", library!), ("FAKETIME_TIMESTAMP_FILE", clock), ("FAKETIME_NO_CACHE", "1"), ("FAKETIME_DONT_FAKE_MONOTONIC", "1"));
            var error = training.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var output = training.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            for (var turn = 0; !training.HasExited; turn++)
            {
                SetClock(turn % 2 == 0 ? "+300d" : "-400d");
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }

            Assert.True(training.ExitCode == 0, await error);
            Assert.InRange(JsonNode.Parse(await output)!["seconds"]!.GetValue<double>(), 0.001, 600);
        }

        AssertSameBits(line, "other");
        Assert.Equal(HistoryFile.Read(line["whole/history.csv"])["loss"], HistoryFile.Read(line["other/history.csv"])["loss"]);
        Assert.All(HistoryFile.Read(line["other/history.csv"])["seconds"].Zip(HistoryFile.Read(line["other/history.csv"])["seconds"].Skip(1)), pair => Assert.True(pair.First <= pair.Second, $"{pair}"));

        // It was set: the log tells of days that are far apart.
        var days = File.ReadLines(line["other/log.txt"]).Select(text => text[..10]).Distinct(StringComparer.Ordinal).ToArray();
        Assert.True(days.Length > 1, string.Join(' ', days));

        void SetClock(string offset)
        {
            File.WriteAllText(clock + ".new", offset);
            File.Move(clock + ".new", clock, overwrite: true);
        }
    }

    /// <summary>Durations are measured by a clock that nobody sets: the other one only says when something happened, and which files of killed processes are old.</summary>
    [Fact]
    public void The_clock_on_the_wall_measures_nothing()
    {
        var source = Path.Combine(Path.GetDirectoryName(DocsPage.PathOf("json.md"))!, "..", "src");
        var uses = Directory.GetFiles(source, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal))
            .SelectMany(file => File.ReadLines(file).Where(text => text.Contains("DateTime", StringComparison.Ordinal) && (text.Contains("Now", StringComparison.Ordinal) || text.Contains("Today", StringComparison.Ordinal))).Select(_ => Path.GetFileName(file)));
        Assert.Equal("Application.cs, AtomicFile.cs, EventFile.cs, NwbWriter.cs, RunFolder.cs", string.Join(", ", uses.Order(StringComparer.Ordinal)));
    }

    private static string Program => Path.Combine(AppContext.BaseDirectory, "ilqr-vae.dll");

    private static CommandLine Prepared()
    {
        var line = new CommandLine();
        line.Must("simulate", "lorenz", "-o", "@/data.h5", "--observation", "spikes", "--channels", "6", "--trials", "8", "--validation-trials", "2", "--test-trials", "2", "--bins", "12", "--seed", "3");
        line.Write("config.yaml", Configuration);
        return line;
    }

    internal static Process Start(string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [Program, .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private static void RequireDisks()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "small disks are made on Linux");
        using var line = new CommandLine();
        var (code, error) = Shell(line, "mkdir d && mount -t tmpfs -o size=8k none d");
        Assert.SkipUnless(code == 0, $"no small disk can be made here ({error.Trim()})");
    }

    /// <summary>Runs a script in the folder, with mounts of its own that nobody else sees.</summary>
    private static (int Code, string Error) Shell(CommandLine line, string script)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("unshare", ["--map-root-user", "--mount", "sh", "-c", script])
            {
                UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = line.Folder,
            })!;
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, error + output.GetAwaiter().GetResult());
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            return (77, exception.Message);
        }
    }

    private static void Damage(string path, string damage)
    {
        var bytes = File.ReadAllBytes(path);
        switch (damage)
        {
            case "missing":
                File.Delete(path);
                return;
            case "cut":
                bytes = bytes[..(bytes.Length * 2 / 3)];
                break;
            case "empty":
                bytes = [];
                break;
            default:
                // A byte of the parameters, which any number may be.
                bytes[IndexOfNumbers(bytes)] ^= 1;
                break;
        }

        File.WriteAllBytes(path, bytes);
    }

    /// <summary>Where there is a byte of a number: sixteen bytes without zeros occur nowhere else.</summary>
    private static int IndexOfNumbers(byte[] bytes)
        => Enumerable.Range(0, bytes.Length - 24).Last(at => bytes.AsSpan(at, 8).IndexOf((byte)0) < 0 && bytes[at + 7] is 0x3f or 0xbf && bytes.AsSpan(at + 8, 8).IndexOf((byte)0) < 0);

    private static void Refused(Action action, string name, int at, bool isStrict)
    {
        try
        {
            action();
            Assert.False(isStrict, $"{name}, byte {at}");
        }
        catch (InputException exception)
        {
            Assert.DoesNotContain('\n', exception.Message);
        }
    }

    private static void AssertSameBits(CommandLine line, string run)
    {
        var (expected, actual) = (ModelFile.Read(line["whole/model.h5"]), ModelFile.Read(line[$"{run}/model.h5"]));
        Assert.Equal(expected.Raw, actual.Raw);
        Assert.Equal(expected.Summary.Iteration, actual.Summary.Iteration);
        Assert.Equal(HistoryFile.Read(line["whole/history.csv"])["loss"], HistoryFile.Read(line[$"{run}/history.csv"])["loss"]);
    }
}
