using IlqrVae.Data.Import.Arrays;
using IlqrVae.Data.Import.Timed;

namespace IlqrVae.Data.Import.Nwb;

/// <summary>Finds tables and series in an NWB file.</summary>
internal sealed class NwbFile(Hdf5ArchiveReader archive)
{
    private const string Units = "units";
    private const string Intervals = "intervals";
    private const int Deepest = 24;
    private const int MostObjects = 100_000;
    private const int MostRemarks = 10;

    // What threshold crossings are called, beside all that spikes are.
    private static readonly string[] s_crossings = ["tx", "threshold_crossings", "thresholdcrossings", "spike_band_counts"];

    private readonly List<string> _tables = [];
    private readonly List<string> _series = [];
    private bool _isWalked;

    public Hdf5ArchiveReader Archive => archive;

    /// <summary>What is odd in the file.</summary>
    public List<string> Remarks { get; } = [];

    /// <summary>Paths of all tables, in the order of names.</summary>
    public IReadOnlyList<string> Tables
    {
        get
        {
            Walk();
            return _tables;
        }
    }

    /// <summary>Paths of all series.</summary>
    public IReadOnlyList<string> Series
    {
        get
        {
            Walk();
            return _series;
        }
    }

    /// <summary>Whether a file says that it is one.</summary>
    public static bool Is(Hdf5ArchiveReader archive) => archive.HasAttribute("/", "nwb_version") || (archive.Contains("nwb_version") && archive.Contains("session_start_time"));

    /// <summary>The version, in the words of the file.</summary>
    public string Version()
    {
        if (!archive.HasAttribute("/", "nwb_version"))
        {
            throw new InputException($"{archive.Path}: this is a file of NWB 1, which is not read; convert it to NWB 2.");
        }

        var version = Messages.OneLine(archive.ReadText("/", "nwb_version"));
        return version.StartsWith("1.", StringComparison.Ordinal) ? throw new InputException($"{archive.Path}: this is a file of NWB {version}, which is not read; convert it to NWB 2.") : version;
    }

    /// <summary>The table of units with spike times; null where there is none.</summary>
    public NwbTable? FindUnits()
    {
        if (!archive.IsGroup(Units) || !archive.ContainsTable($"{Units}/spike_times"))
        {
            var others = Tables.Where(path => archive.ContainsTable($"{path}/spike_times")).ToList();
            if (others.Count == 0)
            {
                return null;
            }

            Remarks.Add($"{archive.Path}: units are taken from '{Hdf5ArchiveReader.Rooted(others[0])}'.");
            return new NwbTable(archive, others[0]);
        }

        return new NwbTable(archive, Units);
    }

    /// <summary>A table of trials or other intervals.</summary>
    /// <param name="name">What it is called, or its path; null for the trials, which may be absent.</param>
    public NwbTable? FindTrials(string? name)
    {
        foreach (var path in name is null ? (string[])[$"{Intervals}/trials"] : [$"{Intervals}/{name}", name])
        {
            if (archive.IsGroup(path) && archive.ContainsTable($"{path}/{TimedSession.StartColumn}"))
            {
                return new NwbTable(archive, Hdf5Archive.Normalise(path));
            }
        }

        if (name is null)
        {
            return null;
        }

        var others = Tables.Where(path => archive.ContainsTable($"{path}/{TimedSession.StartColumn}")).ToList();
        var names = others.ConvertAll(path => path.StartsWith($"{Intervals}/", StringComparison.Ordinal) ? path[(Intervals.Length + 1)..] : path);
        throw new InputException(
            $"--trials: {archive.Path} has no table of intervals '{Messages.OneLine(name)}'; {Spelling.DidYouMean(name, names)}{(names.Count == 0 ? "There is none with a start_time" : $"There are {Messages.Names(names)}")}.");
    }

    /// <summary>A series by its path, by the last part of it, or by what holds one series alone.</summary>
    /// <param name="name">The path or part of it.</param>
    /// <param name="isAsStored">Whether its values are wanted as they are stored, without conversion and offset.</param>
    /// <param name="option">The option that names it.</param>
    public NwbSeries FindSeries(string name, bool isAsStored = false, string option = "--behaviour")
    {
        var path = Hdf5Archive.Normalise(name);
        if (path.Length > 0 && IsSeries(path))
        {
            return new NwbSeries(archive, path, Remarks, isAsStored);
        }

        var named = Series.Where(one => one.EndsWith($"/{path}", StringComparison.Ordinal) || one.StartsWith($"{path}/", StringComparison.Ordinal)).ToList();
        if (named.Count == 0 && path.Length > 0)
        {
            named = [.. Series.Where(one => one.Contains($"/{path}/", StringComparison.Ordinal))];
        }

        if (named.Count == 1)
        {
            return new NwbSeries(archive, named[0], Remarks, isAsStored);
        }

        if (named.Count == 0 && path.LastIndexOf('/') is > 0 and var slash && Tables.Contains(path[..slash], StringComparer.Ordinal) && archive.ContainsTable(path))
        {
            throw new InputException($"{option}: {archive.Path}: '{Messages.OneLine(name)}' is a column of a table and no series with a time for each sample; where it has one entry a row it is a label of its trial already, and what is more is not read.");
        }

        throw new InputException(named.Count > 1
            ? $"{option}: {archive.Path} has several series '{Messages.OneLine(name)}': {Messages.Names(named)}; name one of them."
            : $"{option}: {archive.Path} has no series '{Messages.OneLine(name)}'; {Spelling.DidYouMean(path, Series.Concat(Series.Select(one => one[(one.LastIndexOf('/') + 1)..])))}{(Series.Count == 0 ? "There are none" : $"There are {Messages.Names(Series)}")}.");
    }

    /// <summary>A series, or all that a container such as BehavioralTimeSeries holds where each has one channel and all have the same times: the muscles of an EMG, fingers of a hand.</summary>
    /// <param name="name">The path or part of it.</param>
    public ITimedSeries FindBehaviour(string name) => SetOf(Hdf5Archive.Normalise(name)) is { } set ? set : FindSeries(name);

    /// <summary>The series of a container that make one together; null where they do not.</summary>
    public NwbSeriesSet? SetOf(string path)
    {
        if (path.Length == 0 || IsSeries(path))
        {
            return null;
        }

        var owners = Series.Select(one => one[..Math.Max(0, one.LastIndexOf('/'))]).Where(owner => owner == path || owner.EndsWith($"/{path}", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).ToList();
        if (owners is not [var owner] || !IsContainer(owner) || Series.Any(one => one.EndsWith($"/{path}", StringComparison.Ordinal)))
        {
            return null;
        }

        var members = Series.Where(one => one.StartsWith($"{owner}/", StringComparison.Ordinal)).ToList();
        return members.Count > 1 && members.TrueForAll(one => one.LastIndexOf('/') == owner.Length) ? NwbSeriesSet.Of(archive, owner, [.. members.Select(one => new NwbSeries(archive, one, Remarks))]) : null;
    }

    /// <summary>A series that a file without units has in place of spike times, by its name; null where none is called so.</summary>
    public string? FindCounts() =>
        Series.FirstOrDefault(one => ArrayRoles.IsCalledSpikes(one) || s_crossings.Contains(ArrayRoles.Last(one), StringComparer.OrdinalIgnoreCase));

    /// <summary>A text that the file may hold of itself.</summary>
    public string Fact(string path)
    {
        try
        {
            return archive.ContainsTable(path) && archive.ShapeOf(path).All(length => length == 1) && archive.DatatypeOf(path).IsText ? Messages.OneLine(string.Concat(archive.ReadStrings(path).Values)) : "";
        }
        catch (InputException)
        {
            return "";
        }
    }

    /// <summary>Whether a group holds series that belong together; a module or the file's own groups hold whatever there is.</summary>
    private bool IsContainer(string path) =>
        archive.HasAttribute(path, "neurodata_type") && archive.ReadText(path, "neurodata_type") is not ("ProcessingModule" or "NWBFile" or "LabMetaData");

    private bool IsSeries(string path) => archive.IsGroup(path) && archive.Contains($"{path}/data") && (archive.Contains($"{path}/timestamps") || archive.Contains($"{path}/starting_time"));

    /// <summary>Goes through all groups, each once, whatever links lead to it.</summary>
    private void Walk()
    {
        if (_isWalked)
        {
            return;
        }

        _isWalked = true;
        var seen = new HashSet<ulong>();
        var waiting = new Stack<(string Path, int Depth)>([("", 0)]);
        var left = 0;
        while (waiting.TryPop(out var next))
        {
            IReadOnlyList<string> children;
            try
            {
                if (archive.AddressOf(next.Path) is not { } address || !archive.IsGroup(next.Path) || !seen.Add(address))
                {
                    continue;
                }

                if (seen.Count > MostObjects)
                {
                    Remarks.Add($"{archive.Path}: there are more than {MostObjects} groups; the rest is not looked at.");
                    return;
                }

                children = archive.Children(next.Path);
                if (next.Depth > 0)
                {
                    Look(next.Path, children);
                }
            }
            catch (InputException exception)
            {
                if (left++ < MostRemarks)
                {
                    Remarks.Add(exception.Message);
                }

                continue;
            }

            foreach (var child in children.Reverse().Where(child => next.Depth > 0 || !string.Equals(child, "specifications", StringComparison.Ordinal)))
            {
                if (next.Depth < Deepest)
                {
                    waiting.Push((next.Depth == 0 ? child : $"{next.Path}/{child}", next.Depth + 1));
                }
            }
        }
    }

    private void Look(string path, IReadOnlyList<string> children)
    {
        if (archive.HasAttribute(path, "colnames") || (children.Contains("id", StringComparer.Ordinal) && (children.Contains(TimedSession.StartColumn, StringComparer.Ordinal) || children.Contains("spike_times", StringComparer.Ordinal))))
        {
            _tables.Add(path);
        }
        else if (IsSeries(path))
        {
            _series.Add(path);
        }
    }
}
