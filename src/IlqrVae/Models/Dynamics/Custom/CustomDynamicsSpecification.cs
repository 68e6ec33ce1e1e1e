using System.Globalization;
using System.Reflection;
using IlqrVae.Models.Kinds;

namespace IlqrVae.Models.Dynamics.Custom;

/// <summary>
/// Dynamics that a user has written, in configurations. The kind is called like the definition's type ("VanDerPol" is "van-der-pol"); public properties
/// of the definition that can be set and are numbers, texts, true or false are settings. Its sizes are the definition's own.
/// </summary>
public sealed record CustomDynamicsSpecification : DynamicsSpecification
{
    private readonly Type _type;
    private readonly EquatableValues _values;

    /// <summary>Dynamics of a type.</summary>
    /// <param name="definition">A type that implements <see cref="IDynamicsDefinition"/>, with a constructor without parameters.</param>
    public CustomDynamicsSpecification(Type definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        _type = typeof(IDynamicsDefinition).IsAssignableFrom(definition)
            ? definition
            : throw new ArgumentException($"{definition} does not implement {nameof(IDynamicsDefinition)}.", nameof(definition));
        _values = EquatableValues.None;
    }

    /// <summary>The definition's type.</summary>
    public Type Definition => _type;

    /// <inheritdoc/>
    public override string Kind => KindName.Of(_type.Name);

    /// <inheritdoc/>
    public override string Meaning => $"dynamics of {_type.Assembly.GetName().Name}";

    /// <inheritdoc/>
    public override (int States, int Inputs, int External)? Sizes
    {
        get
        {
            var definition = Create();
            return (definition.States, definition.Inputs, definition.External);
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Setting<DynamicsSpecification>> SettingsAmong(ModelKinds kinds)
        => [.. Settable(_type).Select(property => SettingOf(property).Of<DynamicsSpecification>())];

    /// <inheritdoc/>
    public override Dynamics<T> Build<T>(ModelStart start) => CustomDynamics.Create<T>(Create());

    /// <summary>Makes the definition with the values that were set.</summary>
    /// <exception cref="InputException">The definition refuses them.</exception>
    public IDynamicsDefinition Create()
    {
        try
        {
            var definition = Activator.CreateInstance(_type)!;
            foreach (var (property, value) in _values.All)
            {
                _type.GetProperty(property)!.SetValue(definition, value);
            }

            return (IDynamicsDefinition)definition;
        }
        catch (TargetInvocationException exception)
        {
            throw new InputException($"dynamics '{Kind}': {exception.InnerException?.Message} Mend the settings or the type {_type}.", exception);
        }
    }

    private static IEnumerable<PropertyInfo> Settable(Type type)
        => type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.SetMethod is { IsPublic: true }
            && (property.PropertyType == typeof(int) || property.PropertyType == typeof(double) || property.PropertyType == typeof(bool) || property.PropertyType == typeof(string)));

    private Setting<CustomDynamicsSpecification> SettingOf(PropertyInfo property)
    {
        var key = KindName.Of(property.Name);
        var meaning = $"Of {_type.Name}: {property.Name}.";
        object Get(CustomDynamicsSpecification owner) => property.GetValue(owner.Create())!;
        CustomDynamicsSpecification Set(CustomDynamicsSpecification owner, object value) => new(owner, owner._values.With(property.Name, value));
        return property.PropertyType == typeof(bool)
            ? Setting.Flag<CustomDynamicsSpecification>(key, owner => (bool)Get(owner), (owner, value) => Set(owner, value), meaning)
            : property.PropertyType == typeof(int)
            ? Setting.Whole<CustomDynamicsSpecification>(key, int.MinValue, int.MaxValue, owner => Convert.ToInt64(Get(owner), CultureInfo.InvariantCulture), (owner, value) => Set(owner, (int)value), meaning)
            : property.PropertyType == typeof(double)
            ? Setting.Number<CustomDynamicsSpecification>(key, NumberRange.Any, "a number", owner => (double)Get(owner), (owner, value) => Set(owner, value), meaning)
            : Setting.Text<CustomDynamicsSpecification>(key, "a text", owner => (string)Get(owner), Set, meaning);
    }

    private CustomDynamicsSpecification(CustomDynamicsSpecification other, EquatableValues values)
        : base(other)
        => (_type, _values) = (other._type, values);

    /// <summary>Values by property, equal where their contents are.</summary>
    private sealed record EquatableValues(IReadOnlyList<(string Property, object Value)> All)
    {
        public static EquatableValues None { get; } = new([]);

        public EquatableValues With(string property, object value)
        {
            List<(string Property, object Value)> values = [.. All.Where(one => one.Property != property), (property, value)];
            return new([.. values.OrderBy(one => one.Property, StringComparer.Ordinal)]);
        }

        public bool Equals(EquatableValues? other) => other is not null && All.SequenceEqual(other.All);

        public override int GetHashCode() => All.Count;
    }
}
