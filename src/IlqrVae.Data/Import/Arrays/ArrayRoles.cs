namespace IlqrVae.Data.Import.Arrays;

/// <summary>What things are usually called, and so what a file's names say.</summary>
internal static class ArrayRoles
{
    private static readonly string[] SpikeNames =
    [
        "spikes", "spike_counts", "spikecounts", "binned_spikes", "binnedspikes", "counts", "spks", "spike_times", "spiketimes", "spike_trains", "spiketrains", "spike_array", "sptimes", "spktimes", "spk_times",
    ];

    // In front of an area's name, or behind it.
    private static readonly string[] s_areaWords = ["_spike_times", "_spiketimes", "_sptimes", "spike_times_", "spiketimes_", "spikes_"];

    private static readonly string[] TimeNames = ["time", "times", "t", "timestamps", "bin_times", "timevec", "timevecms", "time_vec", "time_ms", "times_ms", "t_ms", "bin_centers", "bin_centres"];

    private static readonly string[] WidthNames = ["bin_width", "binwidth", "bin_size", "binsize", "dt"];

    private static readonly string[] UnitNames = ["unit", "units", "unit_id", "unit_ids", "unitid", "neuron", "neurons", "neuron_id", "cluster", "clusters", "cluster_id", "cluster_ids", "spike_clusters", "spike_units", "spike_ids", "spikeids", "unit_index", "cell_id"];

    private static readonly string[] TrialNames = ["trial", "trial_id", "trial_ids", "trialid", "trial_number", "trials", "trial_index"];

    private static readonly string[] StartNames = ["start_time", "start", "starts", "t_start", "tstart", "trial_start", "trial_start_time", "start_times", "starttime", "trialstart", "onset", "intervals_0"];

    private static readonly string[] StopNames = ["stop_time", "stop", "stops", "end_time", "end", "ends", "t_stop", "t_end", "tend", "tstop", "trial_end", "trial_end_time", "stop_times", "end_times", "endtime", "stoptime", "trialend", "offset", "intervals_1"];

    /// <summary>The name of the spikes; null where nothing is called so. Several areas are asked about.</summary>
    public static string? Spikes(ArrayFile file)
    {
        var names = ArrayPaths.All(file);
        if (Areas(file) is { Count: > 1 } several)
        {
            throw new InputException($"{file.Path}: spikes are in {Messages.Names(several)}; say which with --spikes, as in --spikes {several[0]}{(SpikeAreas.Pattern(several) is { } all ? $", or take all side by side, with their area as a column of the units: --spikes '{all}'" : "")}.");
        }

        if (Guess(names, SpikeNames) is { } name)
        {
            return name;
        }

        // spikes.times of the Open Neurophysiology Environment and of buzcode, spikes/timestamps of brainsets.
        if (names.FirstOrDefault(one => one.Name.LastIndexOfAny(['.', '/']) is > 0 and var end && IsCalledSpikes(one.Name[..end]) && Last(one.Name).ToUpperInvariant() is "TIMES" or "TIMESTAMPS").Name is { } times)
        {
            return times;
        }

        return names.Where(one => Last(one.Name).EndsWith("_spikes", StringComparison.OrdinalIgnoreCase)).Select(one => one.Name).FirstOrDefault()
            ?? names.Where(one => Last(one.Name) is "y" or "Y" && one.Example is NumberNode { Fault: null, IsVector: false }).Select(one => one.Name).FirstOrDefault();
    }

    /// <summary>Names of the spikes of several areas, each in an array of its own; none or one where nothing else is called so.</summary>
    public static List<string> Areas(ArrayFile file)
    {
        var names = ArrayPaths.All(file);

        // Of groups, folders or objects that have the same inside: probe00/spikes.times and probe01/spikes.times, M1/spike_times and PMd/spike_times.
        var alike = names.Where(one => Last(one.Name).Contains("time", StringComparison.OrdinalIgnoreCase) && one.Example is NumberNode { Fault: null, IsText: false } && ObjectOf(one.Name).Length > 0
                && (IsCalledSpikes(one.Name) || (IsCalledSpikes(ObjectOf(one.Name)) && ObjectOf(ObjectOf(one.Name)).Length > 0)))
            .GroupBy(one => Last(one.Name), StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1);
        if (alike is not null)
        {
            return [.. alike.Select(one => one.Name)];
        }

        if (Guess(names, SpikeNames) is not null)
        {
            return [];
        }

        var areas = names.Where(one => Last(one.Name).EndsWith("_spikes", StringComparison.OrdinalIgnoreCase)).Select(one => one.Name).ToList();
        return areas.Count > 1 ? areas
            : s_areaWords.Select(word => names.Where(one => one.Example is NumberNode { Fault: null, IsText: false } && Last(one.Name) is var last && last.Length > word.Length
                && (word[0] == '_' ? last.EndsWith(word, StringComparison.OrdinalIgnoreCase) : last.StartsWith(word, StringComparison.OrdinalIgnoreCase))).Select(one => one.Name).ToList())
                .FirstOrDefault(found => found.Count > 1 && SpikeAreas.Pattern(found) is { } pattern && SpikeAreas.Find(file, pattern) is not null) ?? [];
    }

    /// <summary>Whether a name says plainly that it is of spikes.</summary>
    public static bool IsCalledSpikes(string name) => SpikeNames.Contains(Last(name), StringComparer.OrdinalIgnoreCase);

    /// <summary>The name of the times of bins; a single number is none.</summary>
    public static string? Time(ArrayFile file) => Guess([.. ArrayPaths.All(file).Where(one => one.Example.Count != 1)], TimeNames);

    public static string? Width(ArrayFile file) => Guess([.. ArrayPaths.All(file).Where(one => one.Example.Count <= 1)], WidthNames);

    /// <summary>An array of starts and ends of trials; null where nothing is called so.</summary>
    public static string? Intervals(ArrayFile file)
    {
        var named = ArrayPaths.All(file).Where(one => one.Example is NumberNode { Fault: null, Shape: [> 0, 2] } && Last(one.Name).StartsWith("intervals", StringComparison.OrdinalIgnoreCase)).Select(one => one.Name).ToList();
        return named.Find(name => string.Equals(ObjectOf(name), "trials", StringComparison.OrdinalIgnoreCase) && string.Equals(Last(name), "intervals", StringComparison.OrdinalIgnoreCase))
            ?? named.Find(name => string.Equals(name, "intervals", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>What stands in front of the last part of a name; empty where nothing does.</summary>
    public static string ObjectOf(string name) => name.LastIndexOfAny(['.', '/']) is > 0 and var end ? name[..end] : "";

    /// <summary>A field that says when trials start; null where none does.</summary>
    public static string? Start(IEnumerable<string> names) => First(names, StartNames);

    public static string? Stop(IEnumerable<string> names) => First(names, StopNames);

    /// <summary>The list of the unit of each spike.</summary>
    public static string? Units(IEnumerable<string> names) => First(names, UnitNames);

    public static string? Trials(IEnumerable<string> names) => First(names, TrialNames);

    public static bool IsTime(string name) => TimeNames.Contains(Last(name), StringComparer.OrdinalIgnoreCase) || EndsWith(name, "time", "times", "timestamps");

    public static bool IsSpikeTime(string name) => Last(name) is var last && (last.Contains("spike", StringComparison.OrdinalIgnoreCase) || IsTime(name) || last is "ts");

    /// <summary>Whether a name says that its numbers are in milliseconds.</summary>
    public static bool IsInMilliseconds(string name) => Last(name) is var last && (last.EndsWith("_ms", StringComparison.OrdinalIgnoreCase) || last.EndsWith("_msec", StringComparison.OrdinalIgnoreCase) || last.EndsWith("Ms", StringComparison.Ordinal) || last.EndsWith("MS", StringComparison.Ordinal) && last.Length > 2);

    /// <summary>Whether a list of this name has an entry a trial.</summary>
    public static bool IsOfTrials(string name) => Contains(name, "trial", "cond", "choice", "reward", "stim", "response", "outcome", "result");

    /// <summary>Whether a list of this name has an entry a unit.</summary>
    public static bool IsOfChannels(string name) => Contains(name, "unit", "neuron", "chan", "electrode", "cluster", "area", "region");

    /// <summary>Whether entries of this name are numbers of bins.</summary>
    public static bool IsBinNumber(string name) => Last(name).StartsWith("idx", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether it is a list of numbers or texts.</summary>
    public static bool IsList(ArrayNode node) => node.Count > 1 && node switch
    {
        NumberNode numbers => numbers.IsVector && !numbers.IsText,
        TextNode or ListNode => true,
        _ => false,
    };

    /// <summary>Of the name of a column of one unit, as "unit_12", what stands in front of its number; null of another name.</summary>
    public static string? UnitStem(string name)
    {
        var stem = name.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
        return stem.Length < name.Length && stem.TrimEnd('_', '-', ' ', '.').ToUpperInvariant() is "UNIT" or "NEURON" or "CELL" or "CH" or "CHAN" or "CHANNEL" or "SPIKES" or "SPK" or "N" or "U" or "CLUSTER" or "ELECTRODE" or "" ? stem : null;
    }

    /// <summary>The last part of a name.</summary>
    public static string Last(string name) => name[(name.LastIndexOfAny(['.', '/']) + 1)..];

    private static bool Contains(string name, params string[] words) => Array.Exists(words, word => Last(name).Contains(word, StringComparison.OrdinalIgnoreCase));

    private static bool EndsWith(string name, params string[] words) => Array.Exists(words, word => Last(name).EndsWith(word, StringComparison.OrdinalIgnoreCase));

    private static string? First(IEnumerable<string> names, string[] wanted)
    {
        var list = names.ToList();
        return wanted.Select(one => list.Find(name => string.Equals(Last(name), one, StringComparison.OrdinalIgnoreCase))).FirstOrDefault(name => name is not null);
    }

    /// <summary>The first name, or else last part of a name, that is one of a list, those first that can be read.</summary>
    private static string? Guess(IReadOnlyList<(string Name, ArrayNode Example)> names, string[] wanted) =>
        Among([.. names.Where(one => one.Example.Fault is null).Select(one => one.Name)], wanted) ?? Among([.. names.Select(one => one.Name)], wanted);

    private static string? Among(List<string> names, string[] wanted) =>
        wanted.Select(one => names.Find(name => string.Equals(name, one, StringComparison.OrdinalIgnoreCase)))
            .Concat(wanted.Select(one => names.Find(name => string.Equals(Last(name), one, StringComparison.OrdinalIgnoreCase))))
            .FirstOrDefault(name => name is not null);
}
