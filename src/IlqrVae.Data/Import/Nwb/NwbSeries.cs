using System.Globalization;
using System.Text.RegularExpressions;
using IlqrVae.Data.Import.Timed;

namespace IlqrVae.Data.Import.Nwb;

/// <summary>A TimeSeries of an NWB file, read some samples at a time; conversion and offset are applied.</summary>
internal sealed partial class NwbSeries : ITimedSeries
{
    // A series that lasts so much longer than what was recorded beside it is odd.
    private const double LongestBeside = 3;

    private readonly StoredRows _data;
    private readonly StoredRows? _times;
    private readonly double _offset;
    private readonly double[] _factors;

    /// <summary>Opens a series.</summary>
    /// <param name="archive">The file.</param>
    /// <param name="path">Of the series.</param>
    /// <param name="remarks">Told what is odd.</param>
    /// <param name="isAsStored">Whether values are wanted as they are stored, without conversion and offset; they then have no unit where there is one of these.</param>
    /// <exception cref="InputException">It is no series of numbers with times.</exception>
    public NwbSeries(Hdf5ArchiveReader archive, string path, List<string> remarks, bool isAsStored = false)
    {
        Name = path;
        var data = $"{path}/data";
        if (!archive.ContainsTable(data))
        {
            throw new InputException($"{archive.Path}: '{Hdf5ArchiveReader.Rooted(path)}' has no data; name another series.");
        }

        var shape = archive.ShapeOf(data);
        if (shape.Count is 0 or > 2)
        {
            throw new InputException($"{archive.Path}: '{Hdf5ArchiveReader.Rooted(data)}' has shape {Messages.Shape(shape)} where samples x channels are needed; name another series.");
        }

        archive.RequireHeld(data);
        Channels = shape.Count == 1 ? 1 : shape[1];
        Unit = archive.HasAttribute(data, "unit") ? Optional(() => Messages.OneLine(archive.ReadText(data, "unit")), "") : "";
        var conversion = archive.HasAttribute(data, "conversion") ? archive.ReadNumber(data, "conversion") : 1;
        _offset = archive.HasAttribute(data, "offset") ? archive.ReadNumber(data, "offset") : 0;
        _factors = [.. Enumerable.Repeat(conversion, Channels)];
        if (archive.ContainsTable($"{path}/channel_conversion") && archive.ReadDoubles($"{path}/channel_conversion") is { Shape: [var factors], Values: var each } && factors == Channels)
        {
            _factors = Array.ConvertAll(each, one => one * conversion);
        }

        if (!double.IsFinite(_offset) || Array.Exists(_factors, factor => !double.IsFinite(factor)))
        {
            throw new InputException($"{archive.Path}: conversion or offset of '{Hdf5ArchiveReader.Rooted(data)}' is no number; correct it.");
        }

        if (isAsStored)
        {
            Unit = _offset == 0 && Array.TrueForAll(_factors, factor => factor == 1) ? Unit : "";
            _offset = 0;
            Array.Fill(_factors, 1);
        }

        _data = archive.ReadRows(data);
        Samples = _data.Rows;
        if (archive.ContainsTable($"{path}/timestamps"))
        {
            if (archive.ShapeOf($"{path}/timestamps").Count != 1)
            {
                throw new InputException($"{archive.Path}: '{Hdf5ArchiveReader.Rooted(path)}/timestamps' has shape {Messages.Shape(archive.ShapeOf($"{path}/timestamps"))} where one time a sample is needed.");
            }

            _times = archive.ReadRows($"{path}/timestamps");
            if (_times.Rows != Samples)
            {
                remarks.Add($"{archive.Path}: '{Hdf5ArchiveReader.Rooted(path)}' has {Samples} samples and {_times.Rows} times; only as many as have both are taken.");
                Samples = Math.Min(Samples, _times.Rows);
            }
        }
        else if (archive.ContainsTable($"{path}/starting_time"))
        {
            Clock = ReadClock(archive, $"{path}/starting_time");
        }
        else
        {
            throw new InputException($"{archive.Path}: '{Hdf5ArchiveReader.Rooted(path)}' has neither timestamps nor a starting_time, or they lead nowhere; name another series.");
        }

        ChannelNames = ReadNames(archive, path, Channels);
    }

    public string Name { get; }

    public string Unit { get; }

    public int Channels { get; }

    public IReadOnlyList<string>? ChannelNames { get; }

    public int Samples { get; }

    public (double Start, double Rate)? Clock { get; private set; }

    public void ReadTimes(int first, Span<double> times)
    {
        if (Clock is not { } clock)
        {
            _times!.Copy(first, times.Length, times);
            return;
        }

        for (var i = 0; i < times.Length; i++)
        {
            times[i] = clock.Start + ((first + i) / clock.Rate);
        }
    }

    public void ReadValues(int first, int count, Span<double> values)
    {
        _data.Copy(first, count, values);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (values[i] * _factors[Channels == 1 ? 0 : i % Channels]) + _offset;
        }
    }

    /// <summary>
    /// Takes the rate for the seconds from one sample to the next where only so the series lasts about as long as what was recorded beside it, as in files that were written with a step of .02 s as a rate of .02 Hz.
    /// </summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="seconds">How long the recording lasts by what else is in it.</param>
    /// <param name="remarks">Told of it.</param>
    public void RequireLength(string path, double seconds, List<string> remarks)
    {
        if (Clock is { } clock && IsStep(clock.Rate, Samples, seconds))
        {
            // Rates are stored in single precision, in which .02 is a little less.
            var step = (float)clock.Rate == clock.Rate ? double.Parse(((float)clock.Rate).ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : clock.Rate;
            Clock = (clock.Start, 1 / step);
            remarks.Add(FormattableString.Invariant($"{path}: '{Name}' says that it has {clock.Rate:G6} samples a second, by which it would last {Samples / clock.Rate:F0} s where the rest lasts {seconds:F0} s; {clock.Rate:G6} s from one sample to the next are taken."));
        }
    }

    /// <summary>Whether a rate must be meant for the seconds from one sample to the next.</summary>
    public static bool IsStep(double rate, int samples, double seconds) =>
        rate < 1 && seconds > 0 && samples / rate > LongestBeside * seconds && samples * rate < LongestBeside * seconds && samples * rate > seconds / LongestBeside;

    /// <summary>Start and rate of a series that is sampled evenly.</summary>
    public static (double Start, double Rate) ReadClock(Hdf5ArchiveReader archive, string path)
    {
        var start = archive.ReadDoubles(path).Values;
        var rate = archive.HasAttribute(path, "rate") ? archive.ReadNumber(path, "rate") : double.NaN;
        return start.Length == 1 && Nanoseconds.CanHold(start[0]) && rate > 0 && double.IsFinite(rate)
            ? (start[0], rate)
            : throw new InputException($"{archive.Path}: '{Hdf5ArchiveReader.Rooted(path)}' must be one number with an attribute 'rate' of samples a second, above 0; correct it.");
    }

    /// <summary>Names of channels are often in the comments, as "columns=[x,y]".</summary>
    private static string[]? ReadNames(Hdf5ArchiveReader archive, string path, int channels)
    {
        if (!archive.HasAttribute(path, "comments"))
        {
            return null;
        }

        var match = ColumnsPattern().Match(Optional(() => archive.ReadText(path, "comments"), ""));
        string[] names = [.. match.Groups["names"].Value.Split(',').Select(name => Messages.OneLine(name.Trim(' ', '\'', '"')))];
        return match.Success && names.Length == channels && names.Distinct(StringComparer.Ordinal).Count() == channels && Array.TrueForAll(names, name => name.Length > 0) ? names : null;
    }

    private static T Optional<T>(Func<T> read, T otherwise)
    {
        try
        {
            return read();
        }
        catch (InputException)
        {
            return otherwise;
        }
    }

    [GeneratedRegex(@"columns\s*=\s*\[(?<names>[^\]]*)\]", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ColumnsPattern();
}
