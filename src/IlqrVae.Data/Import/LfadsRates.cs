using System.Globalization;

namespace IlqrVae.Data.Import;

/// <summary>True rates beside the counts that were drawn from them, as LFADS files have them in many scales: the counts tell which.</summary>
internal sealed class LfadsRates
{
    private double _counts;
    private double _rates;
    private double _largest;

    /// <summary>Takes an entry into account.</summary>
    public void Add(double count, double rate)
    {
        // NaN marks a missing bin, which counts on neither side.
        _counts += double.IsNaN(count) ? 0 : count;
        _rates += double.IsNaN(count) ? 0 : rate;
        _largest = Math.Max(_largest, rate);
    }

    /// <summary>The bin width in seconds, and what the rates of the file are multiplied by to be in Hz; null where that is not known.</summary>
    public (double BinWidth, double? RateScale) BinWidth(Hdf5ArchiveReader archive, double? given, List<string> remarks)
    {
        var ratio = _counts / _rates;
        var isKnown = _counts > 0 && _rates > 0 && double.IsFinite(ratio);
        var error = isKnown ? 3 / Math.Sqrt(_counts) : 0;
        var factor = Number(archive, "conversion_factor");
        var stored = Number(archive, "dt");
        if ((stored is { } dt ? BinTimes.Agree($"{archive.Path}: '/dt'", dt, given, remarks) : given) is { } width)
        {
            return (width, isKnown ? RateScale(archive, ratio, Math.Max(0.2, error), width, factor, remarks) : 1);
        }

        if (!isKnown)
        {
            throw new InputException($"{archive.Path}: the bin width is not in the file and there is no '/train_truth' to tell it; give the bin width in seconds.");
        }

        // Nobody fires at less than a spike a second at most: such rates have a scale of their own.
        if (factor is not null || _largest <= 1 || Math.Abs(ratio - 1) <= Math.Max(0.05, error))
        {
            throw new InputException($"{archive.Path}: the rates of '/train_truth' are per bin or scaled and do not tell the bin width; give the bin width in seconds.");
        }

        var whole = Math.Round(ratio * 1000) / 1000;
        var isWhole = whole > 0 && Math.Abs((ratio / whole) - 1) <= Math.Max(0.01, error);
        return (BinTimes.Agree(
            $"{archive.Path}: the ratio of counts to '/train_truth'",
            isWhole ? whole : double.Parse(ratio.ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture),
            given: null,
            remarks), 1);
    }

    /// <summary>What rates must be multiplied by to be in Hz, as the counts say.</summary>
    private static double? RateScale(Hdf5ArchiveReader archive, double ratio, double tolerance, double width, double? factor, List<string> remarks)
    {
        // What makes rates counts a bin: rates in Hz, rates a bin, and both conventions of the factor.
        List<(double PerBin, string Words)> ways = [(width, "in Hz"), (1, "per bin")];
        if (factor is { } given)
        {
            ways.AddRange([(given, "to be multiplied by conversion_factor"), (1 / given, "to be divided by conversion_factor")]);
        }

        var (perBin, words) = ways.MinBy(way => Math.Abs(Math.Log(ratio / way.PerBin)));
        if (Math.Abs((ratio / perBin) - 1) <= tolerance)
        {
            if (factor is not null)
            {
                remarks.Add($"{archive.Path}: the counts say that '/train_truth' is {words}.");
            }

            return perBin / width;
        }

        var conversion = factor is null ? "" : $", nor by conversion_factor {factor:G4}";
        remarks.Add(
            $"{archive.Path}: the counts are {ratio:G4} times the rates of '/train_truth', which fits neither Hz at a bin width of {width} s nor rates per bin{conversion}: the true rates are left out.");
        return null;
    }

    private static double? Number(Hdf5ArchiveReader archive, string name)
    {
        if (!archive.ContainsTable(name))
        {
            return null;
        }

        var values = archive.ReadDoubles(name).Values;
        return values.Length == 1 && values[0] > 0 && double.IsFinite(values[0])
            ? values[0]
            : throw new InputException($"{archive.Path}: '/{name}' is not one positive number; correct it or leave it out.");
    }
}
