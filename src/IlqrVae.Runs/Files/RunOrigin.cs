using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;

namespace IlqrVae.Runs.Files;

/// <summary>A stretch of a training that one call did.</summary>
/// <param name="Iteration">Updates that were done before it.</param>
/// <param name="Iterations">Updates there were to be in all.</param>
/// <param name="Program">Version of the program.</param>
/// <param name="Threads">Threads of each process.</param>
/// <param name="Processes">Processes that shared the trials.</param>
/// <param name="Machine">The machine.</param>
public sealed record RunStretch(int Iteration, int Iterations, string Program, int Threads, int Processes, MachineDescription Machine)
{
    /// <summary>The version of this program, with the commit it was built from where that is known.</summary>
    public static string ThisProgram { get; } = typeof(RunStretch).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
}

/// <summary>What a run was made of, by which program and on which machines: what it takes to repeat it. The file origin.json of a run.</summary>
/// <param name="Recording">The fingerprint of the recording.</param>
/// <param name="StartFrom">SHA-256 of the parameters that learning started from; empty where it started from none.</param>
/// <param name="Extensions">SHA-256 of each assembly of the configuration, in its order.</param>
/// <param name="Stretches">The calls that trained it, the first one first.</param>
public sealed record RunOrigin(RecordingFingerprint Recording, string StartFrom, IReadOnlyList<string> Extensions, IReadOnlyList<RunStretch> Stretches)
{
    private const string Format = "ilqr-vae origin";
    private const int LargestBytes = 1 << 22;

    /// <summary>Whether it tells of the run's first update; not where the file was damaged or missing when the run was continued.</summary>
    internal bool HasBeginning => Stretches[0].Iteration == 0;

    /// <summary>What a training by this program on this machine would be made of.</summary>
    /// <param name="configuration">Its configuration, paths relative to a folder.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="recording">The fingerprint of the recording.</param>
    /// <param name="iteration">Updates that are done.</param>
    /// <param name="threads">Threads of each process.</param>
    /// <param name="processes">Number of processes.</param>
    /// <exception cref="InputException">The run that learning starts from cannot be read; it is not looked at after the first update.</exception>
    public static RunOrigin Of(RunConfiguration configuration, string folder, RecordingFingerprint recording, int iteration, int threads, int processes)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return new RunOrigin(
            recording,
            configuration.StartFrom.Length == 0 || iteration > 0 ? "" : RunCalibration.FingerprintOf(ModelFile.Read(RunFolder.ModelOf(Path.Combine(folder, configuration.StartFrom))).Raw),
            [.. configuration.Extensions.Select(path => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, path)))))],
            [new RunStretch(iteration, configuration.Training.Iterations, RunStretch.ThisProgram, threads, processes, MachineDescription.Current())]);
    }

    /// <summary>Reads the origin of a run; null where there is none.</summary>
    /// <param name="folder">The run.</param>
    /// <exception cref="InputException">The file is damaged.</exception>
    public static RunOrigin? Read(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (!File.Exists(folder.Origin))
        {
            return null;
        }

        try
        {
            return Parse(JsonNode.Parse(InputFile.ReadText(folder.Origin, LargestBytes, "the origin of a run"))!);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or NullReferenceException or FormatException or ArgumentException)
        {
            throw new InputException($"{folder.Origin}: this is not what training wrote; remove the file, without which the run can be continued, though not repeated with certainty.", exception);
        }
    }

    /// <summary>In what another training differs that may change its numbers, a sentence each.</summary>
    /// <param name="now">The other.</param>
    public IReadOnlyList<string> DifferencesFrom(RunOrigin now)
    {
        ArgumentNullException.ThrowIfNull(now);
        var (before, here) = (Stretches[0], now.Stretches[0]);
        var differences = new List<string>();
        Add("version of the program", before.Program, here.Program, "results may differ");
        Add(".NET runtime", before.Machine.Runtime, here.Machine.Runtime, LastDigits);
        Add("architecture", before.Machine.Architecture, here.Machine.Architecture, LastDigits);
        Add("width of the vector registers", $"{before.Machine.VectorBits} bits", $"{here.Machine.VectorBits} bits", LastDigits);
        Add("processor", before.Machine.Processor, here.Machine.Processor, "the last digits may differ, where its instructions do");
        Add("number of processes", $"{before.Processes}", $"{here.Processes}", LastDigits);
        if (!HasBeginning)
        {
            differences.Add($"origin.json was begun anew after iteration {before.Iteration}: nobody can tell by which version, on what machine and from what parameters the run was begun; results may differ.");
        }

        if (Stretches.Any(stretch => stretch.Machine != before.Machine || stretch.Program != before.Program))
        {
            differences.Add("the run was continued by another version of the program or on another machine than it was begun with; the last digits may differ.");
        }

        if (Stretches.Any(stretch => stretch.Iterations != before.Iterations))
        {
            differences.Add("the run was continued with another number of iterations than it was begun with; with a schedule that depends on it, as 'cosine' does, results differ.");
        }

        if (!Extensions.SequenceEqual(now.Extensions, StringComparer.Ordinal))
        {
            differences.Add("the assemblies of 'extensions' are others than those the run was made with; results may differ.");
        }

        return differences;

        void Add(string what, string one, string other, string consequence)
        {
            if (one != other)
            {
                differences.Add($"{what}: the run was made with {one}, this is {other}; {consequence}.");
            }
        }
    }

    private const string LastDigits = "the last digits may differ";

    /// <summary>Adds a call to the origin of a run, or begins it.</summary>
    internal static void Add(RunFolder folder, RunConfiguration configuration, RecordingFingerprint recording, int iteration, int threads, int processes)
    {
        var now = Of(configuration, folder.Root, recording, iteration, threads, processes);
        RunOrigin? before = null;
        try
        {
            before = iteration > 0 ? Read(folder) : null;
        }
        catch (InputException)
        {
            // It is begun anew: the run can be continued without.
        }

        (before is null ? now : before with { Stretches = [.. before.Stretches, .. now.Stretches] }).Write(folder);
    }

    private void Write(RunFolder folder) => AtomicFile.WriteText(folder.Origin, Json.Format(new JsonObject
    {
        ["format"] = Format,
        ["recording"] = new JsonObject { ["channels"] = Recording.Channels, ["trials"] = Recording.Trials, ["values"] = Recording.Values },
        ["start_from"] = StartFrom,
        ["extensions"] = Json.Texts(Extensions),
        ["stretches"] = new JsonArray([.. Stretches.Select(stretch => (JsonNode)new JsonObject
        {
            ["iteration"] = stretch.Iteration,
            ["iterations"] = stretch.Iterations,
            ["program"] = stretch.Program,
            ["threads"] = stretch.Threads,
            ["processes"] = stretch.Processes,
            ["processor"] = stretch.Machine.Processor,
            ["cores"] = stretch.Machine.Cores,
            ["architecture"] = stretch.Machine.Architecture,
            ["vector_bits"] = stretch.Machine.VectorBits,
            ["runtime"] = stretch.Machine.Runtime,
            ["operating_system"] = stretch.Machine.OperatingSystem,
        })]),
    }) + "\n");

    private static RunOrigin Parse(JsonNode root)
    {
        if (Text(root, "format") != Format)
        {
            throw new FormatException();
        }

        var recording = root["recording"]!;
        var origin = new RunOrigin(
            new RecordingFingerprint(Text(recording, "channels"), Text(recording, "trials"), Text(recording, "values")),
            Text(root, "start_from"),
            [.. root["extensions"]!.AsArray().Select(one => one!.GetValue<string>())],
            [.. root["stretches"]!.AsArray().Select(one => new RunStretch(
                Whole(one!, "iteration"), Whole(one!, "iterations"), Text(one!, "program"), Whole(one!, "threads"), Whole(one!, "processes"),
                new MachineDescription(
                    Text(one!, "processor"), Whole(one!, "cores"), Text(one!, "architecture"), Whole(one!, "vector_bits"), Text(one!, "runtime"), Text(one!, "operating_system"))))]);
        return origin.Stretches.Count > 0 ? origin : throw new FormatException();

        static string Text(JsonNode node, string name) => node[name]!.GetValue<string>();
        static int Whole(JsonNode node, string name) => node[name]!.GetValue<int>();
    }
}
