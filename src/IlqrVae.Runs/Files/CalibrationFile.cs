using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Numerics;

namespace IlqrVae.Runs.Files;

/// <summary>Why inference did not see an entry that was observed.</summary>
public enum EntryCase
{
    /// <summary>Its group was hidden.</summary>
    Hidden,

    /// <summary>It alone was missing, among others of its group that were seen.</summary>
    Missing,

    /// <summary>It is at the end of a trial of which only the bins before were seen.</summary>
    Forecast,

    /// <summary>It is in a gap, bins of which nothing was seen of its group or of its channel.</summary>
    Gap,
}

/// <summary>What makes intervals of a channel group hold.</summary>
/// <param name="Group">The group.</param>
/// <param name="Case">Why entries are not seen.</param>
/// <param name="FirstLead">Of forecasts the fewest bins ahead; else 0.</param>
/// <param name="LastLead">Of forecasts the most bins ahead; else 0.</param>
/// <param name="Entries">Number of entries it was learned from.</param>
/// <param name="PosteriorScale">What deviations of the posterior are to be multiplied by.</param>
/// <param name="NoiseScale">What deviations of the noise of values are to be multiplied by.</param>
/// <param name="HalfWidths">Half-widths of intervals in deviations scaled so (of counts: in normal scores), one for each of <see cref="RunCalibration.Levels"/>.</param>
public sealed record GroupCalibration(
    string Group, EntryCase Case, int FirstLead, int LastLead, long Entries, double PosteriorScale, double NoiseScale, IReadOnlyList<double> HalfWidths);

/// <summary>What makes intervals of what a simulation knows hold.</summary>
/// <param name="Name">The truth table: rates, mean, inputs and so on.</param>
/// <param name="Entries">Number of entries it was learned from.</param>
/// <param name="HalfWidths">Half-widths in deviations of the Laplace posterior, one for each of <see cref="RunCalibration.Levels"/>.</param>
public sealed record TruthCalibration(string Name, long Entries, IReadOnlyList<double> HalfWidths);

/// <summary>What was learned with certain groups hidden.</summary>
/// <param name="Hidden">The groups that were hidden, in order of their names.</param>
/// <param name="Split">The trials learned from.</param>
/// <param name="Trials">Their number.</param>
/// <param name="Groups">Of what was observed.</param>
/// <param name="Truth">Of what a simulation knows; empty where nothing was known or it was not to be used.</param>
public sealed record SituationCalibration(
    IReadOnlyList<string> Hidden, string Split, int Trials, IReadOnlyList<GroupCalibration> Groups, IReadOnlyList<TruthCalibration> Truth)
{
    /// <summary>That of a group's entries; null where there is none.</summary>
    /// <param name="group">The group.</param>
    /// <param name="why">Why entries are not seen.</param>
    /// <param name="lead">Of forecasts, how many bins ahead.</param>
    public GroupCalibration? Of(string group, EntryCase why, int lead = 0)
        => Groups.FirstOrDefault(one => one.Group == group && one.Case == why && lead >= one.FirstLead && lead <= one.LastLead);

    /// <summary>Half-widths of intervals for true rates or values, in deviations of the posterior; null where nothing was learned of them.</summary>
    /// <param name="group">The group.</param>
    /// <param name="truth">Name of its truth table; null where there is none.</param>
    /// <param name="levels">The levels wanted.</param>
    public IReadOnlyList<double>? OfRates(string group, string? truth, IReadOnlyList<double> levels)
    {
        if (truth is not null && Truth.FirstOrDefault(one => one.Name == truth) is { } known)
        {
            return [.. levels.Select(level => RunCalibration.HalfWidth(known.HalfWidths, level))];
        }

        return Of(group, Hidden.Contains(group, StringComparer.Ordinal) ? EntryCase.Hidden : EntryCase.Missing) is { } found
            ? [.. levels.Select(level => found.PosteriorScale * NormalDistribution.HalfWidth(level))]
            : null;
    }

    /// <summary>Whether it is of these hidden groups.</summary>
    /// <param name="hidden">Names of groups.</param>
    public bool IsOf(IReadOnlySet<string> hidden) => hidden.SetEquals(Hidden);
}

/// <summary>What was learned about the intervals of a run's model.</summary>
/// <param name="Model">The fingerprint of the parameters it was learned for.</param>
/// <param name="Situations">One for each set of hidden groups.</param>
public sealed record RunCalibration(string Model, IReadOnlyList<SituationCalibration> Situations)
{
    /// <summary>The levels of which half-widths are kept.</summary>
    public static IReadOnlyList<double> Levels { get; } = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99];

    /// <summary>The half-width of a level, between levels that are kept by linear interpolation.</summary>
    /// <param name="halfWidths">One for each of <see cref="Levels"/>.</param>
    /// <param name="level">From 0 to 1; beyond the largest that is kept, that one's.</param>
    public static double HalfWidth(IReadOnlyList<double> halfWidths, double level)
    {
        var (x, y) = (0.0, 0.0);
        for (var i = 0; i < Levels.Count; i++)
        {
            if (level <= Levels[i])
            {
                return y + ((halfWidths[i] - y) * (level - x) / (Levels[i] - x));
            }

            (x, y) = (Levels[i], halfWidths[i]);
        }

        return y;
    }

    /// <summary>The fingerprint of a model's parameters.</summary>
    /// <param name="raw">The raw parameters.</param>
    public static string FingerprintOf(double[] raw) => Convert.ToHexStringLower(SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes<double>(raw)));

    /// <summary>The same with a situation added, in place of a former one of the same hidden groups.</summary>
    /// <param name="situation">The situation.</param>
    public RunCalibration With(SituationCalibration situation)
        => this with { Situations = [.. Situations.Where(one => !one.IsOf(situation.Hidden.ToHashSet(StringComparer.Ordinal))), situation] };
}

/// <summary>The file <c>calibration.json</c> of a run.</summary>
public static class CalibrationFile
{
    private const string Format = "ilqr-vae calibration";
    private const int Version = 1;

    /// <summary>Writes, all of it or nothing.</summary>
    /// <param name="path">Destination.</param>
    /// <param name="calibration">What was learned.</param>
    public static void Write(string path, RunCalibration calibration)
    {
        var json = new JsonObject
        {
            ["format"] = Format,
            ["version"] = Version,
            ["model"] = calibration.Model,
            ["levels"] = Json.Numbers(RunCalibration.Levels),
            ["situations"] = new JsonArray([.. calibration.Situations.Select(one => (JsonNode)new JsonObject
            {
                ["hidden"] = Json.Texts(one.Hidden),
                ["split"] = one.Split,
                ["trials"] = one.Trials,
                ["groups"] = new JsonArray([.. one.Groups.Select(group => (JsonNode)new JsonObject
                {
                    ["group"] = group.Group,
                    ["case"] = NameOf(group.Case),
                    ["first_lead"] = group.FirstLead,
                    ["last_lead"] = group.LastLead,
                    ["entries"] = group.Entries,
                    ["posterior_scale"] = group.PosteriorScale,
                    ["noise_scale"] = group.NoiseScale,
                    ["half_widths"] = Json.Numbers(group.HalfWidths),
                })]),
                ["truth"] = new JsonArray([.. one.Truth.Select(truth => (JsonNode)new JsonObject
                {
                    ["name"] = truth.Name,
                    ["entries"] = truth.Entries,
                    ["half_widths"] = Json.Numbers(truth.HalfWidths),
                })]),
            })]),
        };
        AtomicFile.WriteText(path, Json.Format(json) + "\n");
    }

    /// <summary>Reads what was learned; null where there is no such file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">It is damaged, or of another version.</exception>
    public static RunCalibration? ReadIfAny(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
            if ((string?)json["format"] != Format || (int?)json["version"] != Version || !RunCalibration.Levels.SequenceEqual(Numbers(json["levels"], -1)))
            {
                throw new InputException($"{path}: this is no calibration that this program reads (format '{Format}', version {Version}); make it anew with 'ilqr-vae calibrate'.");
            }

            return new RunCalibration((string)json["model"]!, [.. json["situations"]!.AsArray().Select(one => Situation(one!))]);
        }
        catch (Exception exception) when (exception is JsonException or NullReferenceException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new InputException($"{path}: the file is damaged; remove it, or make it anew with 'ilqr-vae calibrate'.", exception);
        }
    }

    /// <summary>What a case is called in files.</summary>
    /// <param name="value">The case.</param>
    public static string NameOf(EntryCase value) => value.ToString().ToLower(CultureInfo.InvariantCulture);

    private static SituationCalibration Situation(JsonNode json) => new(
        [.. json["hidden"]!.AsArray().Select(name => (string)name!)],
        (string)json["split"]!,
        (int)json["trials"]!,
        [.. json["groups"]!.AsArray().Select(group => new GroupCalibration(
            (string)group!["group"]!,
            Enum.Parse<EntryCase>((string)group["case"]!, ignoreCase: true),
            (int)group["first_lead"]!,
            (int)group["last_lead"]!,
            (long)group["entries"]!,
            Positive(group["posterior_scale"]),
            Positive(group["noise_scale"]),
            Numbers(group["half_widths"], RunCalibration.Levels.Count)))],
        [.. json["truth"]!.AsArray().Select(truth => new TruthCalibration(
            (string)truth!["name"]!, (long)truth["entries"]!, Numbers(truth["half_widths"], RunCalibration.Levels.Count)))]);

    private static double Positive(JsonNode? json) => (double)json! is > 0 and < double.PositiveInfinity and var number ? number : throw new FormatException();

    private static double[] Numbers(JsonNode? json, int count)
    {
        var numbers = json!.AsArray().Select(number => (double)number!).ToArray();
        return (count < 0 || numbers.Length == count) && Array.TrueForAll(numbers, number => number >= 0) ? numbers : throw new FormatException();
    }
}
