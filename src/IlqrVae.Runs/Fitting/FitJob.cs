namespace IlqrVae.Runs.Fitting;

/// <summary>One piece of work of a search: a training of a candidate on a fold in a round; in round 0, a few updates that tell its pace.</summary>
/// <param name="Round">The round, from 1; 0 to measure the pace.</param>
/// <param name="Candidate">The candidate's place in the ladder, from 0.</param>
/// <param name="Part">The fold, from 0; in round 0, 0 beside others and 1 alone.</param>
internal readonly record struct FitJob(int Round, int Candidate, int Part)
{
    /// <summary>What the job is called.</summary>
    public string Name => Round == 0
        ? FormattableString.Invariant($"pace-candidate{Candidate + 1}{(Part > 0 ? "-alone" : "")}")
        : FormattableString.Invariant($"round{Round}-candidate{Candidate + 1}-part{Part + 1}");
}

/// <summary>What came of a job.</summary>
/// <param name="Job">The job.</param>
/// <param name="Iterations">Updates whose time was taken.</param>
/// <param name="Loss">The best validation loss; not finite where numbers overflowed, and where none was asked for.</param>
/// <param name="Seconds">What they took.</param>
/// <param name="Workers">Trainings that there were at a time.</param>
/// <param name="At">Seconds of the fit when it was done.</param>
internal sealed record FitResult(FitJob Job, int Iterations, double Loss, double Seconds, int Workers, double At);
