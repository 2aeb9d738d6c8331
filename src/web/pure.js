/** A component that renders again only when one of its properties is another one. */
import { Component } from 'preact';

/** @import { ComponentChild, ComponentClass } from 'preact' */

/**
 * @template {object} Props
 * @param {(props: Props) => ComponentChild} render
 * @returns {ComponentClass<Props>}
 */
export function pure(render) {
  return class extends Component {
    /** @override @param {Readonly<Props>} next */
    shouldComponentUpdate(next) {
      return !sameProps(this.props, next);
    }
    /** @override @param {Props} [props] */
    render(props) {
      return render(/** @type {Props} */ (props));
    }
  };
}

/**
 * @param {object} a
 * @param {object} b
 */
function sameProps(a, b) {
  const after = new Map(Object.entries(b));
  return Object.entries(a).every(([name, value]) => Object.is(value, after.get(name)));
}
