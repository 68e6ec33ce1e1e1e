using IlqrVae.Recordings;

namespace IlqrVae.Reports;

/// <summary>A recording that is to be shown.</summary>
/// <param name="recording">The recording.</param>
/// <param name="data">The file it came from, for sentences.</param>
public class RecordingSource(Recording recording, string data)
{
    /// <summary>Gets the file it came from.</summary>
    public string Data { get; } = data;

    /// <summary>Gets the recording; of a run its channels are in the order of the model's.</summary>
    public virtual Recording Recording { get; } = recording;

    /// <summary>Gets the trials that are shown: of a run those that were inferred.</summary>
    public virtual IReadOnlyList<Trial> Trials => Recording.Trials;

    /// <summary>Gets the width of a bin in seconds.</summary>
    public double BinWidth => Recording.BinWidth;
}
