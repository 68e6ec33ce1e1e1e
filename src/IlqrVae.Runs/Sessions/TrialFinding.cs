using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using IlqrVae.Control;
using IlqrVae.Evaluation;
using IlqrVae.Inference;
using IlqrVae.Recordings;

namespace IlqrVae.Runs.Sessions;

/// <summary>All that an inference finds of one trial, and how it travels from one process to another: every bit of it.</summary>
/// <param name="Estimate">What the model finds in it.</param>
/// <param name="Coverage">How often intervals hold the truth; null where it was not asked for.</param>
/// <param name="Samples">What was looked at in order to calibrate; null where it was not asked for.</param>
/// <param name="Intervals">Intervals of its channels; null where they were not asked for.</param>
internal sealed record TrialFinding(TrialEstimate Estimate, ChannelCoverage? Coverage, TrialSamples? Samples, TrialIntervals? Intervals)
{
    /// <summary>Numbers that are written at a time: spans of bytes are no longer than 2 GB.</summary>
    private const int Piece = 1 << 20;

    /// <summary>Writes it.</summary>
    /// <param name="stream">Where to.</param>
    public void Write(Stream stream)
    {
        using var to = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        Write(to, Estimate);
        WriteIfAny(to, Coverage, coverage => WriteAll(to, [.. coverage.Counts], pair => Write(to, pair.Key, pair.Value)));
        WriteIfAny(to, Samples, samples => samples.Write(to));
        WriteIfAny(to, Intervals, intervals =>
        {
            WriteAll(to, intervals.Lower, group => WriteAll(to, group, table => Write(to, table)));
            WriteAll(to, intervals.Upper, group => WriteAll(to, group, table => Write(to, table)));
        });
    }

    /// <summary>Reads one.</summary>
    /// <param name="stream">Where from.</param>
    public static TrialFinding Read(Stream stream)
    {
        using var from = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
        return new TrialFinding(
            ReadEstimate(from),
            from.ReadBoolean() ? new ChannelCoverage(ReadAll(from, () => ReadCoverage(from)).ToDictionary(pair => pair.Key, pair => pair.Coverage)) : null,
            from.ReadBoolean() ? TrialSamples.Read(from) : null,
            from.ReadBoolean() ? new TrialIntervals(ReadAll(from, () => (IReadOnlyList<Table>)ReadTables(from)), ReadAll(from, () => (IReadOnlyList<Table>)ReadTables(from))) : null);
    }

    /// <summary>Writes how many there are, and each.</summary>
    internal static void WriteAll<TItem>(BinaryWriter to, IReadOnlyList<TItem> items, Action<TItem> write)
    {
        to.Write(items.Count);
        foreach (var item in items)
        {
            write(item);
        }
    }

    /// <summary>Reads how many there are, and each.</summary>
    internal static TItem[] ReadAll<TItem>(BinaryReader from, Func<TItem> read)
    {
        var items = new TItem[from.ReadInt32()];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = read();
        }

        return items;
    }

    /// <summary>Writes numbers.</summary>
    internal static void Write<TNumber>(BinaryWriter to, ReadOnlySpan<TNumber> numbers)
        where TNumber : unmanaged
    {
        to.Write(numbers.Length);
        for (var first = 0; first < numbers.Length; first += Piece)
        {
            to.Write(MemoryMarshal.AsBytes(numbers.Slice(first, Math.Min(Piece, numbers.Length - first))));
        }
    }

    /// <summary>Reads numbers.</summary>
    internal static TNumber[] ReadNumbers<TNumber>(BinaryReader from)
        where TNumber : unmanaged
    {
        var numbers = new TNumber[from.ReadInt32()];
        for (var first = 0; first < numbers.Length; first += Piece)
        {
            from.BaseStream.ReadExactly(MemoryMarshal.AsBytes(numbers.AsSpan(first, Math.Min(Piece, numbers.Length - first))));
        }

        return numbers;
    }

    private static void Write(BinaryWriter to, TrialEstimate estimate)
    {
        to.Write(estimate.Name);
        WriteValue(to, estimate.Map);
        Write(to, estimate.Inputs);
        Write(to, estimate.InputDeviations);
        Write(to, estimate.States);
        Write(to, estimate.StateDeviations);
        WriteTables(to, estimate.Means);
        WriteTables(to, estimate.MeanDeviations);
        WriteTables(to, estimate.NoiseDeviations);
        to.Write(estimate.ObservedCount);
        to.Write(estimate.LogEvidence);
        to.Write(estimate.IsGaussNewton);
        WriteIfAny(to, estimate.Elbo, elbo => WriteValue(to, elbo));
        WriteIfAny(to, estimate.Variables, variables => Write<double>(to, variables));
        WriteAll(to, estimate.Samples, sample =>
        {
            Write(to, sample.Inputs);
            Write(to, sample.States);
            to.Write(sample.LogWeight);
        });
        WriteIfAny(to, estimate.LaplaceBound, bound => WriteValue(to, bound));
        WriteIfAny(to, estimate.SharedBound, bound => WriteValue(to, bound));
        WriteAll(to, estimate.Predictions, prediction =>
        {
            to.Write(prediction.Steps);
            Write(to, prediction.States);
            WriteTables(to, prediction.Means);
        });
        WriteIfAny(to, estimate.InputEffects, table => Write(to, table));
        WriteIfAny(to, estimate.LaplaceSpread, spread => Write(to, spread));
        WriteIfAny(to, estimate.SharedSpread, spread => Write(to, spread));
    }

    /// <summary>In the order in which it is written, which is that of the initializers.</summary>
    private static TrialEstimate ReadEstimate(BinaryReader from) => new()
    {
        Name = from.ReadString(),
        Map = ReadValue<SolveReport>(from),
        Inputs = ReadTable(from),
        InputDeviations = ReadTable(from),
        States = ReadTable(from),
        StateDeviations = ReadTable(from),
        Means = ReadTables(from),
        MeanDeviations = ReadTables(from),
        NoiseDeviations = ReadTables(from),
        ObservedCount = from.ReadInt64(),
        LogEvidence = from.ReadDouble(),
        IsGaussNewton = from.ReadBoolean(),
        Elbo = from.ReadBoolean() ? ReadValue<ElboResult>(from) : null,
        Variables = from.ReadBoolean() ? ReadNumbers<double>(from) : null,
        Samples = ReadAll(from, () => new TrialSample(ReadTable(from), ReadTable(from), from.ReadDouble())),
        LaplaceBound = from.ReadBoolean() ? ReadValue<ImportanceBound>(from) : null,
        SharedBound = from.ReadBoolean() ? ReadValue<ImportanceBound>(from) : null,
        Predictions = ReadAll(from, () => new TrialPrediction(from.ReadInt32(), ReadTable(from), ReadTables(from))),
        InputEffects = from.ReadBoolean() ? ReadTable(from) : null,
        LaplaceSpread = from.ReadBoolean() ? ReadSpread(from) : null,
        SharedSpread = from.ReadBoolean() ? ReadSpread(from) : null,
    };

    private static void Write(BinaryWriter to, PosteriorSpread spread)
    {
        WriteTables(to, spread.Activations);
        WriteTables(to, spread.ActivationDeviations);
        Write<double>(to, spread.InputCovariances as double[] ?? [.. spread.InputCovariances]);
    }

    private static PosteriorSpread ReadSpread(BinaryReader from) => new(ReadTables(from), ReadTables(from), ReadNumbers<double>(from));

    private static void Write(BinaryWriter to, CoverageKey key, IntervalCoverage coverage)
    {
        to.Write(key.Name);
        to.Write(key.Case is { } why ? (int)why : -1);
        to.Write((int)key.Source);
        Write<long>(to, coverage.ToCounts());
    }

    private static (CoverageKey Key, IntervalCoverage Coverage) ReadCoverage(BinaryReader from)
    {
        var (name, why, source) = (from.ReadString(), from.ReadInt32(), (IntervalSource)from.ReadInt32());
        return (new CoverageKey(name, why < 0 ? null : (Files.EntryCase)why, source), IntervalCoverage.OfCounts(ReadNumbers<long>(from)));
    }

    private static void WriteTables(BinaryWriter to, IReadOnlyList<Table> tables) => WriteAll(to, tables, table => Write(to, table));

    private static Table[] ReadTables(BinaryReader from) => ReadAll(from, () => ReadTable(from));

    private static void Write(BinaryWriter to, Table table)
    {
        to.Write(table.Bins);
        to.Write(table.Columns);
        Write<double>(to, table.Values);
    }

    private static Table ReadTable(BinaryReader from) => new(from.ReadInt32(), from.ReadInt32(), ReadNumbers<double>(from));

    private static void WriteValue<TValue>(BinaryWriter to, TValue value)
        where TValue : unmanaged => to.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<TValue>(in value)));

    private static TValue ReadValue<TValue>(BinaryReader from)
        where TValue : unmanaged
    {
        Span<byte> bytes = stackalloc byte[Unsafe.SizeOf<TValue>()];
        from.BaseStream.ReadExactly(bytes);
        return MemoryMarshal.Read<TValue>(bytes);
    }

    private static void WriteIfAny<TValue>(BinaryWriter to, TValue? value, Action<TValue> write)
        where TValue : class
    {
        to.Write(value is not null);
        if (value is not null)
        {
            write(value);
        }
    }

    private static void WriteIfAny<TValue>(BinaryWriter to, TValue? value, Action<TValue> write)
        where TValue : struct
    {
        to.Write(value is not null);
        if (value is { } there)
        {
            write(there);
        }
    }
}
