using IlqrVae.Recordings;

namespace IlqrVae.Data.Import.Timed;

/// <summary>
/// Makes a recording of a session of spike times, trials and series, in one file or in several that follow each other: cuts, counts, resamples, and marks what was not recorded. No
/// format is known here.
/// </summary>
internal sealed class TimedImport
{
    /// <summary>Width of a bin in seconds where none is given.</summary>
    public const double DefaultBinWidth = 0.01;

    /// <summary>The label that says of which file a trial is, where there are several.</summary>
    public const string FileLabel = "file";

    /// <summary>What an importer of such a format takes, besides options of its own.</summary>
    public static readonly IReadOnlyList<string> Options =
    [
        "--values", "--behaviour", "--lag", "--bin-width", "--trials", "--align", "--window", "--session-grid", "--where", "--units", "--minimum-rate",
        "--held-out-units", "--condition", "--train-fraction", "--validation-fraction", "--validation-every", "--chunk", "--chunk-overlap", "--chunk-test",
        "--split-column", "--split-blocks", "--split-seed",
    ];

    private readonly ImportOptions _options;
    private readonly string _path;
    private readonly double _width;
    private readonly List<string> _remarks = [];
    private readonly TimedReader[] _files;
    private int _partsRead;

    private TimedImport(IReadOnlyList<TimedSession> sessions, ImportOptions options)
    {
        _options = options;
        _path = sessions.Count == 1 ? sessions[0].Path : $"{sessions[0].Path} and {sessions.Count - 1} more";
        _width = options.BinWidth ?? DefaultBinWidth;
        if (options.BinWidth is null)
        {
            _remarks.Add($"{_path}: bins of {_width * 1000} ms are taken; give another width with --bin-width.");
        }

        if (_width < 1e-6)
        {
            throw new InputException($"The bin width is {_width} s; give one microsecond or more.");
        }

        _files = [.. sessions.Select(session => new TimedReader(session, options, _width, _remarks))];
        foreach (var file in _files.Skip(1).Where(file => !file.TakeOrder(_files[0])))
        {
            throw new InputException(
                $"{file.Session.Path} has other units than {_files[0].Session.Path} ({Differing(file)}), so they are no files of one session; import each by itself, and join the datasets with 'ilqr-vae join'.");
        }
    }

    /// <summary>Whether a session is to be cut by its trials and not in time.</summary>
    public static bool IsByTrials(ImportOptions options) =>
        options.Trials is not null || options.Align is not null || options.Window is not null || options.Where is not null || options.SplitColumn is not null || options.Conditions.Count > 0;

    /// <summary>Makes the recording.</summary>
    /// <param name="session">The session.</param>
    /// <param name="options">What to take and how to cut it.</param>
    /// <param name="remarks">What was said before.</param>
    /// <exception cref="InputException">The session is faulty or the options do not fit it.</exception>
    public static ImportedRecording Import(TimedSession session, ImportOptions options, IEnumerable<string> remarks) => Import([session], options, remarks);

    /// <summary>Makes one recording of the files of a session, each on a clock of its own: their trials one after another, in the order of the files.</summary>
    /// <param name="sessions">What is in each file.</param>
    /// <param name="options">What to take and how to cut it.</param>
    /// <param name="remarks">What was said before.</param>
    /// <exception cref="InputException">A file is faulty, the options do not fit it, or it has other units or series than the first.</exception>
    public static ImportedRecording Import(IReadOnlyList<TimedSession> sessions, ImportOptions options, IEnumerable<string> remarks)
    {
        var import = new TimedImport(sessions, options);
        var recording = import.Make();
        recording.Validate(import._path);
        return new ImportedRecording(recording, [.. remarks, .. import._remarks]);
    }

    private Recording Make()
    {
        var areTrials = IsByTrials(_options) || (_options.ChunkSeconds is null && Array.Exists(_files, file => file.Session.Trials is { Rows: > 0 }));
        var stretches = Stretches(areTrials);
        var cuts = areTrials
            ? SessionCut.OfTrials(_path, _options, Pieces(stretches), _width)
            : SessionCut.OfSession(_path, _options, [.. stretches.Select(one => one.Stretch.Grid.Bins)], _width);
        if (!cuts.Exists(cut => cut.Split == TrialSplit.Train))
        {
            _remarks.Add($"{_path}: no trial is for training.");
        }

        TimeGrid[] grids = [.. cuts.Select(cut => stretches[cut.Stretch].Stretch.Grid.Part(cut.First, cut.Bins))];
        var observations = cuts.Select(_ => new List<Observations>()).ToList();
        List<ChannelGroup>? groups = null;
        for (var f = 0; f < _files.Length; f++)
        {
            int[] own = [.. Enumerable.Range(0, cuts.Count).Where(t => stretches[cuts[t].Stretch].File == f)];
            var found = Read(_files[f], [.. own.Select(t => cuts[t])], [.. own.Select(t => grids[t])], (t, table) => observations[own[t]].Add(table));
            RequireLike(groups ??= found, found, _files[f]);
        }

        groups = ByRate(groups!, observations);
        var conditions = TrialColumns.Conditions(_path, _options, [.. stretches.Select(one => (_files[one.File].Session.Path, _files[one.File].Session.Trials, one.Stretch.Row))], _remarks);
        var recording = new Recording
        {
            BinWidth = _width,
            Groups = groups,
            Source = string.Join("; ", _files.Select(file => file.Session.Source)),
            Trials =
            [
                .. cuts.Select((cut, t) => new Trial
                {
                    Name = cut.Name,
                    Bins = cut.Bins,
                    Split = cut.Split,
                    Observations = observations[t],
                    Labels = Labels(stretches[cut.Stretch].File, stretches[cut.Stretch].Stretch.Row, grids[t]),
                    Truth = TrialColumns.Truth(conditions?[cut.Stretch], cut.Bins),
                }),
            ],
        };
        return HoldOut(recording);
    }

    /// <summary>The stretches of all files; those of trials are called after their files where there are several.</summary>
    private List<(int File, Stretch Stretch)> Stretches(bool areTrials)
    {
        var stems = Array.ConvertAll(_files, file => Path.GetFileNameWithoutExtension(file.Session.Path));
        var areClear = stems.Distinct(StringComparer.Ordinal).Count() == stems.Length;
        var all = new List<(int, Stretch)>();
        for (var f = 0; f < _files.Length; f++)
        {
            var stem = _files.Length == 1 || !areTrials ? "" : areClear ? $"{stems[f]}/" : $"{f + 1}/";
            all.AddRange(_files[f].Stretches(areTrials).Select(one => (f, stem.Length == 0 ? one : one with { Name = stem + one.Name })));
        }

        return all;
    }

    /// <summary>Trials to be shared out; each file starts where the one before ends.</summary>
    private static List<TrialPiece> Pieces(List<(int File, Stretch Stretch)> stretches)
    {
        var pieces = new List<TrialPiece>(stretches.Count);
        var end = (double?)null;
        foreach (var file in stretches.GroupBy(one => one.File))
        {
            var shift = end is { } last ? last - file.Min(one => Nanoseconds.Seconds(one.Stretch.Grid.Edge(0))) : 0;
            pieces.AddRange(file.Select(one => new TrialPiece(one.Stretch.Name, one.Stretch.Grid.Bins, Nanoseconds.Seconds(one.Stretch.Grid.Edge(0)) + shift, one.Stretch.Split)));
            end = file.Max(one => Nanoseconds.Seconds(one.Stretch.Grid.Span.End)) + shift;
        }

        return pieces;
    }

    /// <summary>Reads what a file has to say of its trials.</summary>
    private List<ChannelGroup> Read(TimedReader file, List<TrialCut> cuts, TimeGrid[] grids, Action<int, Observations> add)
    {
        file.RequireSize(grids);
        RemarkOverlaps(file.Session.Path, cuts, grids);
        var groups = new List<ChannelGroup>();
        if (file.Units.Length > 0)
        {
            Add((new ChannelGroup("spikes", ChannelKind.Counts, file.Units.Length, "", file.UnitNames), file.Count(grids, Advance)));
        }

        foreach (var (wanted, series) in file.Session.Series)
        {
            Add(file.Resample(wanted, series, grids));
            Advance();
        }

        return groups.Count > 0 ? groups : throw new InputException($"{file.Session.Path}: there are neither units nor series to import; name a series with --behaviour.");

        void Add((ChannelGroup Group, Observations[] Tables) read)
        {
            groups.Add(read.Group);
            for (var t = 0; t < read.Tables.Length; t++)
            {
                add(t, read.Tables[t]);
            }
        }
    }

    /// <summary>Tells that one more unit or series of one of the files is read.</summary>
    private void Advance() => _options.Progress?.Report((double)++_partsRead / _files.Sum(file => file.Units.Length + file.Session.Series.Count));

    /// <summary>Which units one file has and the first has not, or the other way round.</summary>
    private string Differing(TimedReader file)
    {
        var (more, fewer) = (file.UnitNames.Except(_files[0].UnitNames, StringComparer.Ordinal).ToList(), _files[0].UnitNames.Except(file.UnitNames, StringComparer.Ordinal).ToList());
        return more.Count > 0 ? $"{Messages.OneLine(more[0])}{(more.Count > 1 ? $" and {more.Count - 1} more are" : " is")} only in it" : $"it lacks {Messages.OneLine(fewer[0])}{(fewer.Count > 1 ? $" and {fewer.Count - 1} more" : "")}";
    }

    private void RequireLike(List<ChannelGroup> first, List<ChannelGroup> groups, TimedReader file)
    {
        for (var g = 0; g < first.Count; g++)
        {
            var (one, other) = (first[g], groups[g]);
            var difference = one.Channels != other.Channels ? $"{other.Channels} channels where that of {_files[0].Session.Path} has {one.Channels}"
                : one.Unit != other.Unit ? $"the unit '{Messages.OneLine(other.Unit)}' where that of {_files[0].Session.Path} has '{Messages.OneLine(one.Unit)}'"
                : !(one.ChannelNames ?? []).SequenceEqual(other.ChannelNames ?? [], StringComparer.Ordinal) ? $"channels of other names than that of {_files[0].Session.Path}"
                : null;
            if (difference is not null)
            {
                throw new InputException($"{file.Session.Path}: group '{other.Name}' has {difference}, so it cannot be one group; import each file by itself, and join the datasets with 'ilqr-vae join'.");
            }
        }
    }

    private Dictionary<string, TrialLabel> Labels(int file, int row, TimeGrid grid)
    {
        var labels = TrialColumns.Labels(_files[file].Session.Trials, row);
        labels["first_bin_time"] = new(Nanoseconds.Seconds(grid.Edge(0)));
        if (_files.Length > 1)
        {
            labels[FileLabel] = TrialLabel.Of(Path.GetFileName(_files[file].Session.Path));
        }

        return labels;
    }

    /// <summary>Trials may overlap, as windows do; but what is tested must not have been learned.</summary>
    private void RemarkOverlaps(string path, List<TrialCut> cuts, TimeGrid[] grids)
    {
        int[] order = [.. Enumerable.Range(0, grids.Length).OrderBy(t => grids[t].Edge(0))];
        var (shared, example) = (0, "");
        long[] latest = [long.MinValue, long.MinValue, long.MinValue];
        int[] latestOf = [-1, -1, -1];
        foreach (var t in order)
        {
            var split = (int)cuts[t].Split;
            var other = Enumerable.Range(0, latest.Length).FirstOrDefault(s => s != split && latest[s] > grids[t].Edge(0), -1);
            if (other >= 0)
            {
                shared++;
                example = example.Length > 0 ? example : $"'{cuts[latestOf[other]].Name}' and '{cuts[t].Name}'";
            }

            if (grids[t].Span.End > latest[split])
            {
                (latest[split], latestOf[split]) = (grids[t].Span.End, t);
            }
        }

        if (shared > 0)
        {
            _remarks.Add($"{path}: {shared} trials share time with a trial of another split ({example} the first), so that what is tested was partly learned; make the window shorter or give --split-blocks.");
        }
    }

    /// <summary>Leaves out units that fire less than was asked, over the bins in which they were observed. Trial by trial, so that not all of them are there twice.</summary>
    private List<ChannelGroup> ByRate(List<ChannelGroup> groups, List<List<Observations>> trials)
    {
        var units = _files[0].Units.Length;
        if (_options.MinimumRate is not { } least || units == 0)
        {
            return groups;
        }

        var (sums, bins, row) = (new double[units], new long[units], new double[units]);
        foreach (var observations in trials.Select(trial => trial[0]))
        {
            for (var bin = 0; bin < observations.Bins; bin++)
            {
                observations.CopyRow<double>(bin, row);
                for (var unit = 0; unit < row.Length; unit++)
                {
                    sums[unit] += row[unit];
                    bins[unit] += observations.IsObserved(bin, unit) ? 1 : 0;
                }
            }
        }

        int[] kept = [.. Enumerable.Range(0, units).Where(unit => sums[unit] / Math.Max(1, bins[unit]) / _width >= least)];
        if (kept.Length == units)
        {
            return groups;
        }

        if (kept.Length == 0)
        {
            throw new InputException($"{_path}: no unit fires at {least} Hz or more in the trials; give a lower --minimum-rate.");
        }

        _remarks.Add($"{_path}: {units - kept.Length} of {units} units fire less than {least} Hz and are left out.");
        trials.ForEach(trial => trial[0] = trial[0].SelectChannels(kept));
        return [groups[0] with { Channels = kept.Length, ChannelNames = [.. kept.Select(unit => groups[0].ChannelNames![unit])] }, .. groups.Skip(1)];
    }

    private Recording HoldOut(Recording recording)
    {
        if (_options.HeldOutUnits is not { } expression)
        {
            return recording;
        }

        var first = _files[0];
        var holds = RowFilter.Rows("--held-out-units", expression, first.Session.Units!, first.Session.Path);
        var held = first.UnitNames.Where((_, unit) => holds[first.Units[unit]]).ToHashSet(StringComparer.Ordinal);
        int[] channels = [.. Enumerable.Range(0, recording.Groups[0].Channels).Where(channel => held.Contains(recording.Groups[0].ChannelNames![channel]))];
        return channels.Length > 0 && channels.Length < recording.Groups[0].Channels
            ? HeldOutChannels.Split(recording, channels)
            : throw new InputException($"--held-out-units: {_path}: {channels.Length} of {recording.Groups[0].Channels} units are such that {Messages.OneLine(expression)}; some must be held out and some stay.");
    }
}
