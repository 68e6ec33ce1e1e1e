using System.Globalization;
using System.Text.RegularExpressions;

namespace IlqrVae.Data.Import.Arrays;

/// <summary>
/// Arrays that are files of their own (.npy), as of Kilosort or of the Open Neurophysiology Environment (ALF), taken together: each is called as its file, without the name space that ALF
/// may put in front: _ibl_trials.intervals.npy is trials.intervals. Tables in text beside them (.tsv and .csv, as phy writes them) are called as their files too, and each column by its name in
/// them: cluster_group/group. What params.py of phy says of the rate of samples holds for Kilosort's times.
/// </summary>
internal static partial class NpyFolder
{
    private const int MostFiles = 2000;
    private const int MostFolders = 100;
    private const string Pattern = "*.npy";
    private const string Parameters = "params.py";

    // Larger tables are no lists of clusters or trials.
    private const long MostTableBytes = 1 << 26;
    private const int LongestParameters = 1 << 16;

    private static readonly string[] s_tables = [".tsv", ".csv"];

    /// <summary>The files of a folder, sorted, and of folders of probes in it, which hold spikes of their own; none where it is no folder.</summary>
    public static IReadOnlyList<string> FilesOf(string path) => Directory.Exists(path) ? [.. In(path), .. Probes(path).SelectMany(probe => In(probe.Path)).Take(MostFiles)] : [];

    /// <summary>Folders of probes, probe00 or probe00/pykilosort as of the International Brain Laboratory, with what to call them.</summary>
    private static IEnumerable<(string Path, string Name)> Probes(string path) => Directory.EnumerateDirectories(path).Where(IsSeen).Take(MostFolders).Order(StringComparer.Ordinal)
        .SelectMany(one => ((IEnumerable<string>)[one, .. Directory.EnumerateDirectories(one).Where(IsSeen).Take(MostFolders).Order(StringComparer.Ordinal)]).Where(HoldsSpikes).Select(inner => (inner, Path.GetFileName(one))));

    private static bool HoldsSpikes(string folder) => In(folder).Select(NameOf).Any(name => name is "spikes.times" or "spike_times");

    private static bool IsSeen(string path) => Path.GetFileName(path)[0] != '.';

    private static IReadOnlyList<string> In(string folder) => [.. Directory.EnumerateFiles(folder, Pattern).Where(IsSeen).Take(MostFiles).Order(StringComparer.Ordinal)];

    /// <summary>Opens several files.</summary>
    /// <param name="files">The files.</param>
    /// <param name="name">What to call them together: the folder, or the first with how many more there are.</param>
    /// <exception cref="InputException">One is no such file, or two are called alike.</exception>
    public static ArrayFile Open(IReadOnlyList<string> files, string name)
    {
        var ofProbe = Directory.Exists(name) ? Probes(name).ToDictionary(one => one.Path, one => one.Name, StringComparer.Ordinal) : [];
        var root = new RecordNode(null, "", null, []);
        var arrays = new Dictionary<string, (string File, ArrayNode Node)>(StringComparer.Ordinal);
        foreach (var file in files.Where(file => !IsTable(file)))
        {
            var array = ofProbe.TryGetValue(Path.GetDirectoryName(file) ?? "", out var probe) ? $"{probe}/{NameOf(file)}" : NameOf(file);
            if (arrays.TryGetValue(array, out var other))
            {
                throw new InputException($"{file} and {other.File} are both called '{array}'; give one of them another name.");
            }

            arrays[array] = (file, NpyFile.OpenNode(root, file, array));
        }

        var remarks = new List<string>();
        foreach (var table in files.Where(IsTable).Concat(Directory.Exists(name) ? ((IEnumerable<string>)[name, .. ofProbe.Keys]).SelectMany(TablesIn) : []))
        {
            var (label, isNamed) = (ofProbe.TryGetValue(Path.GetDirectoryName(table) ?? "", out var probe) ? $"{probe}/{NameOf(table)}" : NameOf(table), files.Contains(table, StringComparer.Ordinal));
            try
            {
                // What lies beside arrays in a folder may be anything.
                var read = arrays.TryGetValue(label, out var other) ? throw new InputException($"{table} and {other.File} are both called '{label}'; give one of them another name.") : CsvFile.Open(table).Root;
                arrays[label] = (table, new RecordNode(root, label, null, []) { Fields = read.Fields, Records = read.Records });
            }
            catch (InputException exception) when (!isNamed)
            {
                remarks.Add($"{Messages.OneLine(table)} is left aside: {exception.Message}");
            }
        }

        (root.Fields, root.Records) = ([.. arrays.Keys], [[.. arrays.Values.Select(one => one.Node)]]);
        var rate = Directory.Exists(name) ? ((IEnumerable<string>)[name, .. ofProbe.Keys]).Select(RateIn).FirstOrDefault(one => one is not null) : null;
        return new ArrayFile(name, "NumPy arrays", root, FirstIndex: 0) { Noun = "array", Bytes = files.Sum(file => new FileInfo(file).Length), Remarks = remarks, SampleRate = rate };
    }

    /// <summary>Whether a file is a table in text, by its name.</summary>
    public static bool IsTable(string file) => s_tables.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase);

    private static IEnumerable<string> TablesIn(string folder) =>
        Directory.EnumerateFiles(folder).Where(file => IsSeen(file) && IsTable(file) && new FileInfo(file).Length <= MostTableBytes).Take(MostFiles).Order(StringComparer.Ordinal);

    /// <summary>Samples a second as phy's parameters have them; null where they say nothing.</summary>
    private static double? RateIn(string folder)
    {
        var path = Path.Combine(folder, Parameters);
        return File.Exists(path) && new FileInfo(path).Length < LongestParameters && RatePattern().Match(File.ReadAllText(path)) is { Success: true } match
            && double.TryParse(match.Groups["rate"].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var rate) && rate > 0 && double.IsFinite(rate) ? rate : null;
    }

    [GeneratedRegex(@"^\s*sample_rate\s*=\s*(?<rate>[0-9.eE+]+)\s*(#.*)?$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex RatePattern();

    private static string NameOf(string file)
    {
        var stem = Path.GetFileNameWithoutExtension(file);
        var end = stem.Length > 2 && stem[0] == '_' ? stem.IndexOf('_', 1) : -1;
        return end > 1 && end < stem.Length - 1 ? stem[(end + 1)..] : stem;
    }
}
