using IlqrVae.Recordings;

namespace IlqrVae.Reports;

/// <summary>Events of trials that the experimenter noted, as a go cue: labels that are times of the session, or numbers of bins, and the bin of each trial that they lie in.</summary>
internal static class TrialEvents
{
    /// <summary>The label that says when a trial's first bin begins, in seconds on the clock of the others.</summary>
    public const string FirstBinTime = "first_bin_time";

    /// <summary>The label that says which bin of the file's trial is the first that was taken, counted as the file counts.</summary>
    public const string FirstBinNumber = "first_bin_number";

    /// <summary>Where trials begin and end is no event within them.</summary>
    private static readonly string[] Ends = [FirstBinTime, FirstBinNumber, "start_time", "stop_time"];

    /// <summary>Whether a label is a number of a bin, by its name, as in MATLAB structures of trials.</summary>
    public static bool IsBinNumber(string name) => name.StartsWith("idx", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a label says where something lies in time, so that it is no condition.</summary>
    public static bool IsPlace(string name) => name is FirstBinTime or FirstBinNumber || IsBinNumber(name);

    /// <summary>The labels that are events beyond doubt: numbers of bins by their names, and times that lie within their own trial of a session.</summary>
    /// <param name="trials">The trials.</param>
    /// <param name="binWidth">In seconds.</param>
    /// <returns>Names, in the order of their letters.</returns>
    public static IReadOnlyList<string> Names(IReadOnlyList<Trial> trials, double binWidth)
    {
        var names = trials.SelectMany(trial => trial.Labels.Keys).Distinct(StringComparer.Ordinal).Except(Ends, StringComparer.Ordinal).Order(StringComparer.Ordinal);

        // On a clock that runs through the session no other number lies within its trial again and again; where each trial has a clock of its own, 0 and 1 do.
        var starts = trials.Select(trial => Number(trial, FirstBinTime)).Where(double.IsFinite).ToList();
        var isSession = starts.Count > 1 && starts.Max() - starts.Min() > 2 * binWidth * trials.Max(trial => trial.Bins);
        return [.. names.Where(name => (IsBinNumber(name) || isSession) && AreWithin(trials.Where(trial => double.IsFinite(Number(trial, name))).Select(trial => Bin(trial, name, binWidth)).ToList()))];

        static bool AreWithin(List<int?> bins) => bins.Count(bin => bin is not null) is >= 2 and var within && 2 * within >= bins.Count;
    }

    /// <summary>The steps of each trial at which an event lies, one or none.</summary>
    /// <param name="trials">The trials.</param>
    /// <param name="binWidth">In seconds.</param>
    /// <param name="name">The label.</param>
    public static IReadOnlyList<IReadOnlyList<int>> Bins(IReadOnlyList<Trial> trials, double binWidth, string name)
        => [.. trials.Select(trial => (IReadOnlyList<int>)(Bin(trial, name, binWidth) is { } bin ? [bin] : []))];

    /// <summary>Checks that an event was noted.</summary>
    /// <param name="trials">The trials.</param>
    /// <param name="binWidth">In seconds.</param>
    /// <param name="name">Its name.</param>
    /// <exception cref="InputException">It is no label of the trials, or lies in none of them.</exception>
    public static void Require(IReadOnlyList<Trial> trials, double binWidth, string name)
    {
        var known = Names(trials, binWidth);
        if (!trials.Any(trial => trial.Labels.ContainsKey(name)))
        {
            var has = known.Count > 0 ? $"there are {Words.List(known.Select(one => $"'{one}'"))}" : "none was noted of these trials";
            throw new InputException($"there is no event '{name}'; {Spelling.DidYouMean(name, known)}{has}.");
        }

        if (trials.All(trial => Bin(trial, name, binWidth) is null))
        {
            var why = IsBinNumber(name) ? "numbers of bins are counted as the file counted them, from the trial's start"
                : trials.Any(trial => double.IsFinite(Number(trial, FirstBinTime))) ? $"times are on the clock of '{FirstBinTime}', in seconds"
                : $"nothing says when trials begin, which '{FirstBinTime}' does where 'import' made them";
            throw new InputException($"'{name}' lies within none of the trials; {why}.");
        }
    }

    /// <summary>The bin of a trial in which an event lies; null where it lies outside or is not known.</summary>
    private static int? Bin(Trial trial, string name, double binWidth)
    {
        var place = IsBinNumber(name) ? Number(trial, name) - Number(trial, FirstBinNumber) : (Number(trial, name) - Number(trial, FirstBinTime)) / binWidth;
        return place >= -1e-6 && place + 1e-6 < trial.Bins ? (int)Math.Floor(place + 1e-6) : null;
    }

    private static double Number(Trial trial, string name) => trial.Labels.TryGetValue(name, out var label) ? label.Number : double.NaN;
}
