namespace IlqrVae.Runs.Fitting;

/// <summary>What one candidate reached in one round of the search.</summary>
/// <param name="Round">The round, from 1.</param>
/// <param name="Candidate">Its name.</param>
/// <param name="Iterations">Updates that were done.</param>
/// <param name="Seconds">What it took.</param>
/// <param name="Gain">Nats that a hidden entry of the validation trials gains over constants; NaN where numbers overflowed.</param>
/// <param name="IsKept">Whether it goes on to the next round, or is chosen.</param>
public sealed record FitAttempt(int Round, string Candidate, int Iterations, double Seconds, double Gain, bool IsKept)
{
    /// <summary>How many times it was trained, with other trials left out for validation; what it reached is the mean.</summary>
    public int Folds { get; init; } = 1;
}
