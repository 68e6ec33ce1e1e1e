using System.Text.RegularExpressions;
using IlqrVae.Data;
using IlqrVae.Data.Tests;
using IlqrVae.Numerics;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Sweeps;

namespace IlqrVae.Cli.Tests;

/// <summary>
/// Every command line of an experiment's README runs, made small: a few trials and iterations. Recordings that have to be fetched are replaced by
/// files that are simulated and have the same channels.
/// </summary>
public sealed partial class Experiments
{
    /// <summary>What stands in for a recording that an experiment imports.</summary>
    private static readonly Dictionary<string, string[]> StandIns = new(StringComparer.Ordinal)
    {
        ["lorenz-spikes"] = ["simulate", "lorenz", "--observation", "spikes", "--channels", "12", "--trials", "6", "--validation-trials", "2"],
    };

    /// <summary>Options that set how large a run is, and what they are here.</summary>
    private static readonly Dictionary<string, string> Small = new(StringComparer.Ordinal)
    {
        ["--trials"] = "6",
        ["--validation-trials"] = "2",
        ["--test-trials"] = "2",
        ["--iterations"] = "3",
        ["--iwae"] = "5",
        ["--free-run"] = "100",
        ["--draws"] = "2",
        ["--held-out"] = "3",
        ["--threads"] = "1",
        ["--minutes"] = "0.02",
    };

    /// <summary>Options whose value is a path.</summary>
    private static readonly HashSet<string> Paths = new(["-o", "--output", "--data", "--figures", "--target"], StringComparer.Ordinal);

    public static TheoryData<string> Names => [.. Directory.GetDirectories(Root).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    private static string Root
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!Directory.Exists(Path.Combine(folder.FullName, "experiments")))
            {
                folder = folder.Parent ?? throw new DirectoryNotFoundException("no folder 'experiments' above the tests");
            }

            return Path.Combine(folder.FullName, "experiments");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_commands_of_an_experiment_run(string name)
    {
        using var line = new CommandLine();
        foreach (var file in Directory.GetFiles(Path.Combine(Root, name), "*.yaml"))
        {
            File.Copy(file, line[Path.GetFileName(file)]);
        }

        var commands = Commands(name).ToList();
        var exported = commands.Where(words => words[0] == "export").Select(words => words[Array.IndexOf(words, "-o") + 1]).ToHashSet(StringComparer.Ordinal);
        foreach (var file in commands.Where(words => words[0] == "import").Select(words => words[1]).Distinct(StringComparer.Ordinal).Except(exported, StringComparer.Ordinal))
        {
            if (name == "m1-reaching")
            {
                SaveReaching(line[file]);
            }
            else if (name == "maze-small")
            {
                SaveTrials(line[file]);
            }
            else
            {
                line.Must([.. StandIns[name], "-o", "@/" + file]);
            }
        }

        foreach (var file in commands.Where(words => words[0] == "join").SelectMany(FilesToJoin).Distinct(StringComparer.Ordinal))
        {
            line.Must("simulate", "maze", "-o", $"@/{file}", "--channels", "8", "--held-out", "2", "--trials", "6", "--validation-trials", "2", "--test-trials", "2", "--bins", "60", "--conditions", "3");
        }

        Assert.Contains(commands, words => words[0] == "train");
        Assert.Contains(commands, words => words[0] == "evaluate");
        foreach (var words in commands)
        {
            if (words[0] == "sweep")
            {
                // Iterations are those of the configuration.
                var path = SweepFile.Read(line[words[1]]).Configuration;
                File.WriteAllText(path, Length().Replace(File.ReadAllText(path), "${key}: 3"));
            }

            line.Must(Shrunk(words));
            if (words[0] == "join" && !File.Exists(line["complete.h5"]))
            {
                // The recording in which all neurons were seen throughout has the same groups.
                File.Copy(line[words[Array.IndexOf(words, "-o") + 1]], line["complete.h5"]);
            }

            if (Array.IndexOf(words, "--figures") is > 0 and var i)
            {
                Assert.True(File.Exists(Path.Combine(line[words[i + 1]], "found.png")));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_configuration_of_an_experiment_is_used_by_its_commands(string name)
    {
        var used = Commands(name).Where(words => words[0] is "train" or "sweep").Select(words => (words[0], words[1])).ToHashSet();
        foreach (var file in Directory.GetFiles(Path.Combine(Root, name), "*.yaml"))
        {
            if (used.Contains(("sweep", Path.GetFileName(file))))
            {
                ConfigurationFile.Read(SweepFile.Read(file).Configuration);
                continue;
            }

            ConfigurationFile.Read(file);
            Assert.Contains(("train", Path.GetFileName(file)), used);
        }
    }

    /// <summary>A minute of a session as a MATLAB file of level 7.3: counts that follow the hand, and the times of the bins.</summary>
    internal static void SaveReaching(string path)
    {
        const int Bins = 1200;
        const int Units = 16;
        var random = new CounterRandom(1, 0);
        var (counts, hand) = (new double[Bins * Units], new double[Bins * 3]);
        for (var t = 0; t < Bins; t++)
        {
            for (var axis = 0; axis < 3; axis++)
            {
                hand[(3 * t) + axis] = Math.Sin((0.1 + (0.03 * axis)) * t);
            }

            for (var unit = 0; unit < Units; unit++)
            {
                counts[(Units * t) + unit] = random.NextPoisson(0.5 * Math.Exp(hand[(3 * t) + (unit % 3)]));
            }
        }

        var file = new Hdf5Archive();
        file.Add("spikes", counts, Bins, Units);
        file.Add("handVel", hand, Bins, 3);
        file.Add("time", [.. Enumerable.Range(0, Bins).Select(t => 0.05 * t)], Bins, 1);
        file.Save(path);
    }

    /// <summary>Trials of 15 units as an NWB file: those of even numbers have spikes at the start, the others at the end.</summary>
    private static void SaveTrials(string path)
    {
        const int Trials = 16;
        var random = new CounterRandom(1, 0);
        var builder = new NwbBuilder();
        double[] starts = [.. Enumerable.Range(0, Trials).Select(trial => 0.8 * trial)];
        var spikes = new double[15][];
        for (var unit = 0; unit < spikes.Length; unit++)
        {
            var times = new List<double>();
            foreach (var start in starts)
            {
                var count = 3 + random.NextPoisson(3);
                times.AddRange(Enumerable.Range(0, (int)count).Select(spike => start + (0.35 * ((unit % 2) + ((spike + 0.5) / count)))));
            }

            spikes[unit] = [.. times];
        }

        builder.Units([.. Enumerable.Range(0, spikes.Length).Select(unit => (long)unit)], spikes, Array.Empty<ushort>());
        builder.Observed([.. spikes.Select(_ => new[] { 0, starts[^1] + 0.7 })]);
        builder.Trials(starts, [.. starts.Select(start => start + 0.7)]);
        builder.Save(path);
    }

    /// <summary>The indented lines of a README that call the program, as words.</summary>
    private static IEnumerable<string[]> Commands(string name)
        => File.ReadLines(Path.Combine(Root, name, "README.md"))
            .Where(text => text.StartsWith("    ilqr-vae ", StringComparison.Ordinal))
            .Select(text => text.Trim()["ilqr-vae ".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word.Trim('"')).ToArray());

    [GeneratedRegex(@"\b(?<key>iterations|validation-interval): [0-9]+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Length();

    private static IEnumerable<string> FilesToJoin(string[] words) => words.Skip(1).TakeWhile(word => !word.StartsWith('-'));

    private static string[] Shrunk(string[] words)
    {
        if (words[0] == "join")
        {
            var files = FilesToJoin(words).Count();
            return [words[0], .. words.Skip(1).Take(files).Select(word => "@/" + word), .. words.Skip(1 + files).Select((word, i) => words[files + i] == "-o" ? "@/" + word : word)];
        }

        // What a command works on comes first; of simulate it is a system, else a file or a run.
        var verbs = words[0] == "nlb" ? 2 : 1;
        List<string> small = [.. words.Take(verbs), words[0] == "simulate" ? words[1] : "@/" + words[verbs]];
        for (var i = verbs + 1; i < words.Length; i++)
        {
            var before = words[i - 1];
            small.Add(Paths.Contains(before) ? "@/" + words[i] : Small.GetValueOrDefault(before, words[i]));
        }

        if (words[0] == "train" && !words.Contains("--iterations", StringComparer.Ordinal))
        {
            small.AddRange(["--iterations", Small["--iterations"]]);
        }

        if (words[0] == "simulate")
        {
            foreach (var option in (string[])["--trials", "--validation-trials", "--test-trials"])
            {
                if (!words.Contains(option, StringComparer.Ordinal))
                {
                    small.AddRange([option, Small[option]]);
                }
            }
        }

        return [.. small];
    }
}
