namespace IlqrVae.Data.Import;

/// <summary>What is in a file that recordings are imported from.</summary>
public sealed record FileContents
{
    /// <summary>The format, as "NWB 2.6.0".</summary>
    public required string Format { get; init; }

    /// <summary>What the file says of itself: its session, subject and so on.</summary>
    public IReadOnlyList<(string Name, string Text)> Facts { get; init; } = [];

    /// <summary>Units with spike times; null where there are none.</summary>
    public UnitContents? Units { get; init; }

    /// <summary>Tables of units, trials and others.</summary>
    public IReadOnlyList<TableContents> Tables { get; init; } = [];

    /// <summary>Sampled signals.</summary>
    public IReadOnlyList<SeriesContents> Series { get; init; } = [];

    /// <summary>Command line that imports the file, to be followed by the name of the program: "import FILE -o data.h5 ..."; empty where nothing can be imported.</summary>
    public IReadOnlyList<string> Proposal { get; init; } = [];

    /// <summary>What is odd.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}

/// <summary>Units and their spikes.</summary>
/// <param name="Path">Their table.</param>
/// <param name="Count">Number of units.</param>
/// <param name="Spikes">Spikes of all.</param>
/// <param name="First">The first spike, in seconds; NaN where there is none.</param>
/// <param name="Last">The last one.</param>
/// <param name="Rates">Spikes a second of each, over the time in which it was observed.</param>
/// <param name="Seconds">How long units were observed, all taken together.</param>
/// <param name="Pauses">Pauses of the recording: start and end in seconds.</param>
public sealed record UnitContents(string Path, int Count, long Spikes, double First, double Last, IReadOnlyList<double> Rates, double Seconds, IReadOnlyList<(double Start, double End)> Pauses);

/// <summary>A table.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Rows">Number of rows.</param>
/// <param name="Columns">Its columns.</param>
public sealed record TableContents(string Path, int Rows, IReadOnlyList<ColumnContents> Columns);

/// <summary>A column of a table.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type in words.</param>
/// <param name="Summary">Its range, or what it says, with how often.</param>
/// <param name="Examples">Some cells.</param>
public sealed record ColumnContents(string Name, string Type, string Summary, IReadOnlyList<string> Examples);

/// <summary>A sampled signal.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Kind">What the format calls it.</param>
/// <param name="Shape">Samples, channels.</param>
/// <param name="Type">Type of the stored numbers.</param>
/// <param name="Unit">Unit of the values once converted.</param>
/// <param name="Rate">Samples a second, the usual one; NaN where it is not known.</param>
/// <param name="First">Time of the first sample in seconds.</param>
/// <param name="Last">Time of the last sample.</param>
/// <param name="Note">Anything else: conversion, whose times it shares.</param>
public sealed record SeriesContents(string Path, string Kind, IReadOnlyList<int> Shape, string Type, string Unit, double Rate, double First, double Last, string Note);
