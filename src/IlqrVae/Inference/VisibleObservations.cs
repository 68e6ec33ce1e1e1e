using System.Numerics;
using IlqrVae.Models;
using IlqrVae.Models.Likelihoods;

namespace IlqrVae.Inference;

/// <summary>Room for what a selection leaves of a trial's observations, filled anew for every trial and selection. A problem has one.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class VisibleObservations<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly GenerativeModel<T> _model;
    private readonly ObservationMatrix<T>[] _visible;
    private PreparedTrial<T>? _trial;
    private ObservationSelection? _selection;

    /// <summary>Allocates the room.</summary>
    /// <param name="model">The model.</param>
    /// <param name="capacity">The largest number of bins.</param>
    public VisibleObservations(GenerativeModel<T> model, int capacity)
    {
        _model = model;
        _visible = [.. model.Likelihoods.Select(likelihood => new ObservationMatrix<T>(capacity, likelihood.ChannelCount))];
    }

    /// <summary>What a selection leaves, valid until the next call.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="selection">The selection.</param>
    /// <exception cref="InputException">The selection hides what is not there.</exception>
    public IReadOnlyList<ObservationMatrix<T>> Of(PreparedTrial<T> trial, ObservationSelection selection)
    {
        if (ReferenceEquals(_trial, trial) && ReferenceEquals(_selection, selection))
        {
            return _visible;
        }

        Check(trial, selection);
        _trial = null;
        for (var g = 0; g < _visible.Length; g++)
        {
            var name = _model.Likelihoods[g].Group;
            var shownBins = selection.HiddenGroups.Contains(name) ? 0 : trial.Bins - selection.HiddenEnd;
            _visible[g].CopyVisible(trial.Observations[g], shownBins, selection.HiddenEntries.GetValueOrDefault(name));
        }

        (_trial, _selection) = (trial, selection);
        return _visible;
    }

    private void Check(PreparedTrial<T> trial, ObservationSelection selection)
    {
        if (selection.HiddenEnd < 0 || selection.HiddenEnd > trial.Bins)
        {
            throw new InputException($"trial '{trial.Name}' has {trial.Bins} bins, of which {selection.HiddenEnd} cannot be hidden; hide 0 to {trial.Bins}.");
        }

        foreach (var name in selection.HiddenGroups.Concat(selection.HiddenEntries.Keys))
        {
            if (!_model.Likelihoods.Any(likelihood => likelihood.Group == name))
            {
                throw new InputException(
                    $"the model explains no channel group '{name}' that could be hidden; {Spelling.DidYouMean(name, _model.Likelihoods.Select(one => one.Group))}it explains {string.Join(", ", _model.Likelihoods.Select(one => $"'{one.Group}'"))}.");
            }
        }

        foreach (var likelihood in _model.Likelihoods)
        {
            if (selection.HiddenEntries.TryGetValue(likelihood.Group, out var hidden) && hidden.Length < (long)trial.Bins * likelihood.ChannelCount)
            {
                throw new InputException(
                    $"trial '{trial.Name}', group '{likelihood.Group}': {hidden.Length} entries are told to be hidden or not where there are {trial.Bins} x {likelihood.ChannelCount}.");
            }
        }
    }
}
